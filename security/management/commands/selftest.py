"""Prove that the cipher and the keyring are the ones that stored data need."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from security.sealing import selftest
from security.sealing.errors import KeyringError


class Command(BaseCommand):
    """Known answers and a canary; exit code 1 with one line when one of them fails."""

    help = "Open a known envelope and one stored data key of every root version."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run both tests."""
        try:
            selftest.known_answer()
            selftest.canary()
        except KeyringError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("known answers and canary: good")
