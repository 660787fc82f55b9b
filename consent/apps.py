"""Start-up of the consent app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from patients import tabs
from security.access.permissions import Permission


class ConsentConfig(AppConfig):
    """What patients were told, allowed and asked for."""

    name = "consent"
    verbose_name = _("Consent and rights")

    def ready(self) -> None:
        """Tell patients of notices and consents, fill the register, hold every field against it."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("consent.informer.install")()
        import_string("consent.services.crossings.install")()
        import_string("consent.services.purposes.install")()
        register(import_string("consent.declarations.check_purposes"))
        import_string("audit.working_days.install")(import_string("consent.queries.calendar.days"))
        import_string("consent.services.erasing.install")()
        import_string("consent.services.merged.install")()
        tabs.add(
            tabs.Tab("consents", _("Consents"), (Permission.CONSENT_READ,), "consent:consents")
        )
