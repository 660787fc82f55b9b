"""Bring FHIR R4 bundles into the record: files, folders, .zip, .tar.xz and .tar.gz."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from patients.fhir import bundle as bundles
from patients.fhir import parsing, sources
from patients.fhir.bundle import Bundle
from patients.fhir.parsing import Unreadable
from patients.fhir.sources import Document
from patients.queries import carers
from patients.services import imports, teams
from patients.services.imports import BundleRefused, Outcome
from security import context, trail
from security.access.gate import Refused
from security.models import Unit

PROBLEMS_SHOWN = 20
UNASSIGNED_SHOWN = 50


class Command(BaseCommand):
    """Brings bundles in, each all or nothing; running it again goes on where it was stopped."""

    help = "Bring FHIR R4 bundles in: files, folders, archives. One bundle is all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the paths and how to treat them."""
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--team", metavar="NAME", help="the care team that looks after them")
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--quiet", action="store_true", help="no progress bar, no list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring everything in and sum up; exit with 1 when any of it was refused."""
        self.counts: Counter[str] = Counter()
        self.patients: set[UUID] = set()
        with trail.acting_for(system="import_fhir", purpose="HOPERAT"), ExitStack() as dry:
            team = self._team(options["team"])
            if options["dry_run"]:
                dry.enter_context(transaction.atomic())
                dry.callback(transaction.set_rollback, True)
            is_stopped = self._bring_all(options, team)
            left = carers.missing_among(self.patients)
        self._sum_up(options, left)
        if is_stopped:
            self.stderr.write(_("Stopped. Run it again to go on."))
            sys.exit(130)
        if self.counts["refused"]:
            sys.exit(1)

    def _team(self, name: str | None) -> Unit | None:
        try:
            return teams.find(name) if name else None
        except Refused as refusal:
            raise CommandError(refusal.reason) from None

    def _bring_all(self, options: dict[str, Any], team: Unit | None) -> bool:
        """Bring one document after the other; tell whether the user stopped it."""
        found = sources.documents(options["paths"])
        bar = tqdm(
            found,
            total=sources.expected(options["paths"]),
            unit=" " + _("bundles"),
            disable=options["quiet"] or None,
            leave=False,
        )
        try:
            for document in bar:
                self._bring(document, team, dry=options["dry_run"])
                context.current().forget_keys()
        except KeyboardInterrupt:
            return True
        return False

    def _bring(self, document: Document, team: Unit | None, *, dry: bool) -> None:
        bundle: Bundle | None = None
        try:
            bundle = _read(document)
            self._count(imports.bring_in(bundle=bundle, team=team))
        except Unreadable as reason:
            self._refuse(document, [str(reason)])
        except BundleRefused as refusal:
            self._refuse(document, [str(problem) for problem in refusal.problems])
        except (Refused, DatabaseError) as error:
            self._refuse(document, [str(getattr(error, "reason", _("The database refused it.")))])
        else:
            return
        if not dry:
            entries = len(bundle.entries) if bundle else 0
            with transaction.atomic():
                trail.record(
                    "patients.bundle.imported", outcome="failed", counts={"entries": entries}
                )

    def _count(self, outcome: Outcome) -> None:
        self.counts["bundles"] += 1
        self.counts["entries"] += outcome.entries
        self.counts["created"] += len(outcome.created)
        self.counts["updated"] += len(outcome.updated)
        self.counts["unchanged"] += outcome.unchanged
        self.counts["dangling"] += outcome.dangling
        self.patients.update(outcome.patients)

    def _refuse(self, document: Document, reasons: list[str]) -> None:
        self.counts["refused"] += 1
        shown, more = reasons[:PROBLEMS_SHOWN], len(reasons) - PROBLEMS_SHOWN
        lines = [
            _("Refused %(name)s: %(reason)s") % {"name": document.name, "reason": reason}
            for reason in shown
        ]
        if more > 0:
            text = ngettext("%(count)d more problem", "%(count)d more problems", more)
            lines.append(
                _("Refused %(name)s: %(reason)s")
                % {"name": document.name, "reason": text % {"count": more}}
            )
        with tqdm.external_write_mode():
            for line in lines:
                self.stderr.write(line)

    def _sum_up(self, options: dict[str, Any], left: list[UUID]) -> None:
        counts = dict.fromkeys(
            ("bundles", "refused", "entries", "created", "updated", "unchanged"), 0
        ) | dict(self.counts)
        lead = _("Would be imported") if options["dry_run"] else _("Imported")
        self.stdout.write(
            _(
                "%(lead)s: %(bundles)d bundles, %(refused)d refused; %(entries)d entries: "
                "%(created)d new, %(updated)d changed, %(unchanged)d unchanged."
            )
            % {"lead": lead, **counts}
        )
        if self.counts["dangling"]:
            self.stdout.write(
                _("References to nobody known, kept as they are: %(count)d.")
                % {"count": self.counts["dangling"]}
            )
        self._list(left, quiet=options["quiet"])

    def _list(self, left: list[UUID], *, quiet: bool) -> None:
        """Name the patients that nobody looks after yet by their ids, for reception."""
        if not self.patients:
            return
        self.stdout.write(
            _("Patients without a responsible doctor or team: %(count)d.") % {"count": len(left)}
        )
        if quiet:
            return
        for patient_id in left[:UNASSIGNED_SHOWN]:
            self.stdout.write(f"  {patient_id}")
        if len(left) > UNASSIGNED_SHOWN:
            self.stdout.write("  …")


def _read(document: Document) -> Bundle:
    if isinstance(document.content, Unreadable):
        raise document.content
    return bundles.read(parsing.parse(document.content))
