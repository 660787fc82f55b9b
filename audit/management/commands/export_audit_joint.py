"""Write the newest head, and the proof that it extends a head that somebody holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from audit.ledger import keys, receipts
from audit.verifier import Bad, heads_in


class Command(BaseCommand):
    """Two small files by which `audit/verifier.py head` shows that nothing before a head was changed."""

    help = (
        "Write the newest signed head and the joint of a head that you hold and that one, to be verified"
        " elsewhere: verifier.py head NEW --key KEY --head OLD --proof JOINT. Exit code 15: they do not join."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the head that is held, and the names of the two new files."""
        parser.add_argument("old", type=Path, help="the head that you hold, or an anchor file")
        parser.add_argument("new", type=Path, help="the new file of the newest head")
        parser.add_argument("joint", type=Path, help="the new file of the proof")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files; the last head of an anchor file counts as the one that is held."""
        try:
            held = heads_in(options["old"], keys.trusted())
            if not held:
                raise CommandError(_("This file holds no head."), returncode=2)
            note, head = receipts.newest()
            joint = receipts.joint(held[-1], head)
            for path, text in ((options["new"], note), (options["joint"], f"{joint}\n")):
                with os.fdopen(
                    os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
                ) as file:
                    file.write(text)
        except (keys.SealerKeyError, receipts.NotSealed) as error:
            raise CommandError(str(error), returncode=2) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}", returncode=2) from None
        except (Bad, receipts.LedgerBroken) as error:
            raise CommandError(f"BAD: {error}", returncode=_code(error)) from None
        said = {"old": held[-1].size, "new": head.size}
        self.stdout.write(_("The head of %(old)d entries and that of %(new)d join.") % said)


def _code(error: Exception) -> int:
    cause = error if isinstance(error, Bad) else error.__cause__
    return int(cause.fault.value[0]) if isinstance(cause, Bad) else 15
