"""Start-up of the patients app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules, import_string
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    """Who is cared for."""

    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Follow members and sessions, tell audit who the patients are, learn which files come in."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("patients.services.teams.install")()
        import_string("patients.services.emergencies.install")()
        import_string("patients.persons.install")()
        autodiscover_modules("importers")
