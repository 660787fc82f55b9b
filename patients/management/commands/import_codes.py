"""Bring a code list in from CSV: ICD-10, LOINC, ATC ... with what the codes are called."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from tqdm import tqdm

from patients.models import Code
from patients.services import codelists
from patients.services.codelists import Counts, NoCodeList
from security import trail

PROBLEMS_SHOWN = 20


class Command(BaseCommand):
    """Brings codes in, batch by batch; running it again changes nothing and goes on where it stopped."""

    help = "Bring a code list in: columns system, kind, code, en, zh; optional unit, low, high, medicines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and what its rows do not say themselves."""
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--kind", choices=Code.Kind.values, default="", help="of every row")
        parser.add_argument("--system", default="", help="icd-10, snomed, loinc, atc, cvx or a URL")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the file in and sum up; exit with 1 when any row was left out."""
        counts, reason = Counts(), ""
        try:
            self._bring(Path(options["file"]), counts, options)
        except OSError as error:
            raise CommandError(_("The file can not be opened.")) from error
        except NoCodeList as refusal:
            reason = str(refusal)
        except DatabaseError as error:
            raise CommandError(_("The database refused it.")) from error
        except KeyboardInterrupt:
            self._sum_up(counts, dry=options["dry_run"])
            self.stderr.write(_("Stopped. Run it again to go on."))
            sys.exit(130)
        self._sum_up(counts, dry=options["dry_run"])
        if reason:
            raise CommandError(reason)
        if counts.problems:
            sys.exit(1)

    def _bring(self, path: Path, counts: Counts, options: dict[str, Any]) -> None:
        with (
            trail.acting_for(system="import_codes", purpose="HSYSADMIN"),
            path.open("rb") as file,
            tqdm(unit=" " + _("rows"), disable=None, leave=False) as bar,
        ):
            rows = codelists.read(
                file, kind=options["kind"], system=options["system"], counts=counts
            )
            for line in codelists.bring_in(rows, counts=counts, dry=options["dry_run"]):
                bar.update(line - bar.n)

    def _sum_up(self, counts: Counts, *, dry: bool) -> None:
        for line, reason in counts.problems[:PROBLEMS_SHOWN]:
            self.stderr.write(_("Line %(line)d %(reason)s.") % {"line": line, "reason": reason})
        more = len(counts.problems) - PROBLEMS_SHOWN
        if more > 0:
            self.stderr.write(_("… and %(count)d more lines.") % {"count": more})
        lead = _("Would be brought in") if dry else _("Brought in")
        self.stdout.write(
            _(
                "%(lead)s: %(created)d new codes, %(updated)d changed, %(unchanged)d as before; "
                "%(left)d lines left out."
            )
            % {
                "lead": lead,
                "created": counts.created,
                "updated": counts.updated,
                "unchanged": counts.unchanged,
                "left": len(counts.problems),
            }
        )
