"""What must hold before anything is served: the cipher gives known answers, every rule is registered."""

from __future__ import annotations

from security import wiring
from security.access import registry
from security.sealing import selftest


def run() -> None:
    """Run the known-answer test, load every app's rules and compare them with the settings."""
    selftest.known_answer()
    registry.load()
    wiring.connect()
