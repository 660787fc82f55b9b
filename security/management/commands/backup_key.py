"""Make a pair of keys for backups."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from security.backups import age


class Command(BaseCommand):
    """Makes an age key pair; the private key goes to a safe place, the public one to the settings."""

    help = (
        "Make an age key pair for backups. Run it on a machine that is not the server: the private key opens"
        " every backup. `age-keygen` makes the same."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where the private key goes."""
        parser.add_argument("path", type=Path, help="new file for the private key")
        parser.add_argument("--public", type=Path, help="file to which the public key is added")
        parser.add_argument(
            "--if-missing", action="store_true", help="leave a private key that is there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the private key, say the public one."""
        pair, path = age.witness(), options["path"]
        if options["if_missing"] and path.exists():
            return
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        with os.fdopen(handle, "w") as file:
            file.write(f"# public key: {pair.to_public()}\n{pair}\n")
        self.stderr.write(_("Keep %(path)s off the server.") % {"path": path})
        if options["public"] is not None:
            with options["public"].open("a") as file:
                file.write(f"{pair.to_public()}\n")
        self.stdout.write(str(pair.to_public()))
