"""Bring a folder of Synthea's CSV files into the record: the directory, then patient by patient."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from tqdm import tqdm

from patients.fhir.bundle import Bundle
from patients.imports import faults, synthea
from patients.imports.faults import Unreadable
from patients.imports.synthea import Folder
from patients.services import imports, teams
from patients.services.imports import BundleRefused
from security import context, trail
from security.access.gate import Refused
from security.models import Unit

SHOWN = 20


class Command(BaseCommand):
    """Brings a folder in, each patient whole or not at all; running it again changes nothing."""

    help = "Import a folder of Synthea's CSV files. A patient with all rows, or nothing of the patient."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder and how to treat it."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--team", metavar="NAME", help="the care team that looks after them")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring everything in and account for every row; exit with 1 when any was refused."""
        self.kept: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        try:
            folder = synthea.opened(options["folder"])
        except Unreadable as reason:
            raise CommandError(faults.sentence(reason.code)) from None
        with trail.acting_for(system="import_synthea_csv", purpose="HOPERAT"), ExitStack() as dry:
            team = self._team(options["team"])
            if options["dry_run"]:
                dry.enter_context(transaction.atomic())
                dry.callback(transaction.set_rollback, True)
            is_stopped = self._bring_all(folder, team, quiet=options["quiet"])
        refused = self._sum_up(folder, dry=options["dry_run"])
        if is_stopped:
            self.stderr.write(_("Stopped. Run it again to go on."))
            sys.exit(130)
        if refused:
            sys.exit(1)

    def _team(self, name: str | None) -> Unit | None:
        try:
            return teams.find(name) if name else None
        except Refused as refusal:
            raise CommandError(str(refusal.reason)) from None

    def _bring_all(self, folder: Folder, team: Unit | None, *, quiet: bool) -> bool:
        """Bring the directory and then each patient; tell whether the user stopped it."""
        try:
            if listed := synthea.directory(folder):
                self._bring(*listed, None)
            words = _("patients")
            for patient in tqdm(
                folder.patients, unit=f" {words}", disable=quiet or None, leave=False
            ):
                self._bring(*synthea.of_patient(folder, patient), team)
                context.current().forget_keys()
        except KeyboardInterrupt:
            return True
        return False

    def _bring(self, bundle: Bundle, rows: Counter[str], team: Unit | None) -> None:
        try:
            outcome = imports.bring_in(bundle=bundle, team=team)
        except BundleRefused as refusal:
            self._refuse([str(problem) for problem in refusal.problems])
        except (Refused, DatabaseError) as error:
            self._refuse([str(getattr(error, "reason", _("The database refused it.")))])
        else:
            self.kept += rows
            self.counts["created"] += len(outcome.created)
            self.counts["updated"] += len(outcome.updated)
            self.counts["unchanged"] += outcome.unchanged

    def _refuse(self, reasons: list[str]) -> None:
        with tqdm.external_write_mode():
            for reason in reasons[:SHOWN]:
                self.stderr.write(_("Refused: %(reason)s") % {"reason": reason})

    def _sum_up(self, folder: Folder, *, dry: bool) -> int:
        """Print what came of the rows of each file; return how many were not kept."""
        lost = 0
        heading = (_("file"), _("rows"), _("kept"), _("refused"))
        self.stdout.write("{:<24}{:>10}{:>10}{:>10}".format(*heading))
        for name, table in folder.tables.items():
            refused = table.rows - self.kept[name]
            lost += refused
            line = f"{table.path.name:<24}{table.rows:>10}{self.kept[name]:>10}{refused:>10}"
            self.stdout.write(line)
            for number in table.strange[:SHOWN]:
                said = _(
                    "Row %(row)d names no patient of the folder, or its cells do not fit the headings."
                )
                self.stderr.write(f"  {table.path.name}: " + said % {"row": number})
        for name in folder.unknown:
            self.stdout.write(_("%(name)s is not read.") % {"name": f"{name}.csv"})
        lead = _("Would be imported") if dry else _("Imported")
        self.stdout.write(
            _("%(lead)s: %(created)d new, %(updated)d changed, %(unchanged)d unchanged; "
                "%(lost)d rows refused.")
            % {
                "lead": lead, "created": self.counts["created"], "updated": self.counts["updated"],
                "unchanged": self.counts["unchanged"], "lost": lost,
            }
        )  # fmt: skip
        return lost
