"""Start-up of the security app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SecurityConfig(AppConfig):
    """Loads every app's rules and proves the cipher before anything is served."""

    name = "security"
    verbose_name = _("Security")

    def ready(self) -> None:
        """Run the start-up checks; their modules need models, which are there only now."""
        import_module("security.startup").run()
