"""Start-up of the consent app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    """What patients were told, allowed and asked for."""

    name = "consent"
    verbose_name = _("Consent and rights")

    def ready(self) -> None:
        """Say how an erasure is done again after a restore."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("consent.services.erasing.install")()
