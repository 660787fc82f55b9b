"""Start-up of the patients app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string


class PatientsConfig(AppConfig):
    """Who is cared for."""

    name = "patients"
    verbose_name = "Patients"

    def ready(self) -> None:
        """Let care teams follow their members, and emergency accesses the ends of sessions."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("patients.services.teams.install")()
        import_string("patients.services.emergencies.install")()
