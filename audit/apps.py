"""Start-up of the audit app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Plugs the writer into the trail and the journal into the models it watches."""

    name = "audit"
    verbose_name = _("Audit trail")

    def ready(self) -> None:
        """Install the writer, register the journalled models and every app's rules of monitoring."""
        # By name: an app's models can not be imported before all apps are there.
        import_module("audit.wiring").connect()
        autodiscover_modules("monitors")
        # What other parts say of themselves in audit reports.
        autodiscover_modules("report_sections")
