"""Write or check the register of sealed fields."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from security.sealing import register


class Command(BaseCommand):
    """The register says what stored envelopes hold; a change of it is a change of stored data."""

    help = "Write security/seals.json from the declarations, or fail when it differs from them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of two deeds."""
        deed = parser.add_mutually_exclusive_group(required=True)
        deed.add_argument("--write", action="store_true", help="write the register")
        deed.add_argument("--check", action="store_true", help="exit with 1 when it differs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or compare and name what differs."""
        if options["write"]:
            register.write()
            self.stdout.write(f"{len(register.declared())} sealed fields")
            return
        try:
            stored = {str(entry) for entry in register.stored()}
        except (OSError, ValueError) as error:
            raise CommandError(f"the register can not be read: {type(error).__name__}") from None
        differing = stored ^ {str(entry) for entry in register.declared()}
        if differing:
            raise CommandError(f"{len(differing)} entries differ, first: {min(differing)}")
        self.stdout.write(f"{len(stored)} sealed fields, as declared")
