"""Make the key that signs receipts of consents; an existing one is never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from consent import keys


class Command(BaseCommand):
    """The key of receipts: made once, its public half is published and kept by who verifies."""

    help = "Make the key that signs receipts of consents, or print its public half."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of three deeds."""
        deed = parser.add_mutually_exclusive_group(required=True)
        deed.add_argument("--init", action="store_true", help="make a key; fail if there is one")
        deed.add_argument(
            "--init-if-missing", action="store_true", help="make one if there is none"
        )
        deed.add_argument("--public", action="store_true", help="print the public key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the deed; exit code 1 with one line when it fails."""
        path = Path(settings.RECEIPT_KEY)
        try:
            if options["public"] or (options["init_if_missing"] and path.exists()):
                public = keys.read(path).public
            else:
                public = keys.create(path, Path(settings.RECEIPT_PUBLIC_KEY))
                self.stdout.write(_("A key for receipts was made. Publish this line:"))
        except FileExistsError:
            raise CommandError(f"there is a key at {path}; it is not overwritten") from None
        except (keys.ReceiptKeyError, OSError) as error:
            raise CommandError(str(error)) from None
        if not options["init_if_missing"] or options["verbosity"] > 1:
            self.stdout.write(str(public))
