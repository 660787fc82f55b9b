"""Make or check the root keys; an existing keyring is never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from security.sealing import keyring, selftest
from security.sealing.errors import KeyringError


class Command(BaseCommand):
    """Root keys: without them nothing that was sealed opens, so keep a copy apart from the database."""

    help = (
        "Make a keyring, or check that it is the one that the stored data keys were wrapped with."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of three deeds."""
        deed = parser.add_mutually_exclusive_group(required=True)
        deed.add_argument(
            "--init", action="store_true", help="make a keyring; fail if there is one"
        )
        deed.add_argument(
            "--init-if-missing", action="store_true", help="make one if there is none"
        )
        deed.add_argument("--check", action="store_true", help="open stored data keys with it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the deed; exit code 1 with one line when it fails."""
        path = Path(settings.KEYRING_PATH)
        try:
            if options["check"]:
                selftest.canary()
                self.stdout.write(_("The keyring opens the stored data keys."))
            elif options["init_if_missing"] and path.exists():
                keyring.read(path)
            else:
                self._make(path)
        except KeyringError as error:
            raise CommandError(str(error)) from None

    def _make(self, path: Path) -> None:
        try:
            keyring.create(path)
        except FileExistsError:
            raise KeyringError(f"there is a keyring at {path}; it is not overwritten") from None
        except OSError as error:
            raise KeyringError(f"no keyring can be made at {path}: {error.strerror}") from None
        self.stdout.write(_("A keyring was made at %(path)s. Keep a copy of it.") % {"path": path})
