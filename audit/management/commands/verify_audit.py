"""Check the whole trail against its ledger, and the ledger against heads that were known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from audit.ledger import keys
from audit.ledger.checking import Check
from audit.models import Checkpoint
from audit.verifier import Bad, Head, heads_in

# Of a long anchor file the newest heads: each covers everything before it.
HEADS = 2000


class Command(BaseCommand):
    """Names the first entry that is not what was sealed; the exit code says what is wrong with it."""

    help = (
        "Verify the ledger: every signed head, every entry, and every event against its entry. The exit code"
        " is 0 if all is good and otherwise that of the fault; docs/ledger.md lists them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is trusted, and how to work."""
        parser.add_argument("--key", type=Path, help="the public key that you trust")
        parser.add_argument("--head", type=Path, help="a head that you hold, or an anchor file")
        parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
        parser.add_argument(
            "--entries-only",
            action="store_true",
            help="leave the events out, only the ledger itself",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, with a bar on terminals; exit code and one line for the first fault."""
        try:
            key = keys.trusted(options["key"])
            known = self._known(options["head"], key)
            check = Check(key, known, not options["entries_only"], options["processes"])
            total = Checkpoint.objects.order_by("-number").values_list("size", flat=True).first()
            with tqdm(total=total or 0, unit="entry", disable=not sys.stderr.isatty()) as bar:
                head = check.run(bar.update)
        except keys.SealerKeyError as error:
            raise CommandError(str(error), returncode=2) from None
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"a file can not be read: {error}", returncode=2) from None
        except Bad as bad:
            line = f"BAD ({bad.fault.name}): {bad}"
            raise CommandError(line, returncode=bad.fault.value[0]) from None
        self.stdout.write(
            _(
                "Good: %(size)d entries, the newest head signed %(at)s, held against %(known)d known heads."
            )
            % {"size": head.size, "at": head.issued_at.isoformat(), "known": len(known)}
        )

    def _known(self, path: Path | None, key: Any) -> list[Head]:
        place = path or settings.ANCHOR_FILE
        if path is None and not place.exists():
            self.stderr.write(
                _("No anchor file here: what was cut off at the end would not be noticed.")
            )
            return []
        return heads_in(place, key, HEADS)
