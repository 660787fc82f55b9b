"""Start-up of the security app."""

from __future__ import annotations

from django.apps import AppConfig

from security.access import registry
from security.sealing import selftest


class SecurityConfig(AppConfig):
    """Loads every app's rules and proves the cipher before anything is served."""

    name = "security"
    verbose_name = "Security"

    def ready(self) -> None:
        """Run the known-answer test, load the rules, compare them with the settings."""
        selftest.known_answer()
        registry.load()
