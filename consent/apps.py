"""Start-up of the consent app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from patients import tabs
from security.access.permissions import Permission


class ConsentConfig(AppConfig):
    """What patients were told, allowed and asked for."""

    name = "consent"
    verbose_name = _("Consent and rights")

    def ready(self) -> None:
        """Add the consents to a patient's page."""
        tabs.add(
            tabs.Tab("consents", _("Consents"), (Permission.CONSENT_READ,), "consent:consents")
        )
