"""Check the whole trail against its ledger, and the ledger against heads that were known."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from audit.ledger import anchors, keys, silence, stamps
from audit.ledger.checking import Check
from audit.models import Checkpoint, Stamp
from audit.verifier import Bad, Head, Key, Walk, check_bundle, heads_in

# Of a long anchor file the newest heads: each covers everything before it.
HEADS = 2000
# So many silences are named, the newest; of the others the number.
GAPS = 20


class Command(BaseCommand):
    """Names the first entry that is not what was sealed; the exit code says what is wrong with it."""

    help = (
        "Verify the ledger: every signed head, every entry, and every event against its entry. The exit code"
        " is 0 if all is good and otherwise that of the fault; docs/ledger.md lists them. Silences of the"
        " trail are named and are no fault."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is trusted, and how to work."""
        parser.add_argument("--key", type=Path, help="the public key that you trust")
        parser.add_argument("--head", type=Path, help="a head that you hold, or an anchor file")
        parser.add_argument("--processes", type=int, choices=(1, 2), default=1)
        parser.add_argument(
            "--bundle", type=Path, help="an exported ledger, in place of the database"
        )
        parser.add_argument(
            "--entries-only",
            action="store_true",
            help="leave the events out, only the ledger itself",
        )
        parser.add_argument(
            "--marks",
            action="store_true",
            help="check the sealer's mark on every entry as well, not only where a root does not fit",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, with a bar on terminals; exit code and one line for the first fault."""
        try:
            key = keys.trusted(options["key"])
            known = self._known(options, key)
            head = self._bundle(key, known, options) or self._database(key, known, options)
        except keys.SealerKeyError as error:
            raise CommandError(str(error), returncode=2) from None
        except (OSError, EOFError, UnicodeDecodeError) as error:
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

    def _bundle(self, key: Key, known: list[Head], options: dict[str, Any]) -> Head | None:
        if options["bundle"] is None:
            return None
        with (
            gzip.open(options["bundle"], "rt", encoding="utf-8") as lines,
            tqdm(lines, unit="line", disable=not sys.stderr.isatty()) as bar,
        ):
            return check_bundle(iter(bar), Walk(key, known))

    def _database(self, key: Key, known: list[Head], options: dict[str, Any]) -> Head:
        check = Check(
            key,
            known,
            with_columns=not options["entries_only"],
            with_marks=options["marks"],
            processes=options["processes"],
        )
        total = Checkpoint.objects.order_by("-number").values_list("size", flat=True).first()
        with tqdm(total=total or 0, unit="entry", disable=not sys.stderr.isatty()) as bar:
            head = check.run(bar.update)
        self._check_stamps()
        if not options["entries_only"]:
            self._tell_silences()
        return head

    def _check_stamps(self) -> None:
        if not Stamp.objects.exists():
            return
        try:
            count = stamps.check()
        except anchors.NotAnchored:
            self.stderr.write(
                _("Time stamps were not verified: no root certificates here (CUSTODIA_TSA_ROOTS).")
            )
        else:
            said = ngettext(
                "%(count)d time stamp is the authority's.",
                "%(count)d time stamps are the authority's.",
                count,
            )
            self.stdout.write(said % {"count": count})

    def _tell_silences(self) -> None:
        found = silence.gaps()
        for gap in found[-GAPS:]:
            self.stdout.write(_("SILENCE: no sign of life was recorded, %(gap)s") % {"gap": gap})
        if found:
            said = ngettext(
                "The trail was silent once; nothing that is there is wrong for it.",
                "The trail was silent %(count)d times; nothing that is there is wrong for it.",
                len(found),
            )
            self.stdout.write(said % {"count": len(found)})

    def _known(self, options: dict[str, Any], key: Key) -> list[Head]:
        """Return the heads that are trusted; the anchor file here knows more than a bundle of yesterday."""
        place: Path | None = options["head"] or (
            None if options["bundle"] else settings.ANCHOR_FILE
        )
        if place is None or (options["head"] is None and not place.exists()):
            self.stderr.write(_("No known head: what was cut off at the end would not be noticed."))
            return []
        return heads_in(place, key, HEADS)
