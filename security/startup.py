"""What must hold before anything is served: the cipher gives known answers, every rule is registered."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from security import addresses, posture, wiring
from security.access import registry
from security.posture import people_checks, settings_checks
from security.sealing import selftest


def run() -> None:
    """Run the known-answer test, load every app's rules and compare them with the settings."""
    selftest.known_answer()
    addresses.networks_of(settings.TRUSTED_PROXIES)
    registry.load()
    autodiscover_modules("exporters")
    posture.register(*settings_checks.CHECKS, *people_checks.CHECKS)
    autodiscover_modules("posture")
    wiring.connect()
