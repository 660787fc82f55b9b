"""Start-up of the patients app."""

from __future__ import annotations

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Who is cared for."""

    name = "patients"
    verbose_name = "Patients"
