"""Bring a CSV file in from the terminal by the way of the browser: checked first, then chunk by chunk."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from patients.imports import faults, matching, registry
from patients.imports.faults import Unreadable
from patients.models import ImportBatch
from patients.queries import batches as shelf
from patients.services import batch_runs, batches
from security import trail
from security.access.decision import purposes_of
from security.access.gate import Refused
from security.models import User

Status = ImportBatch.Status
PART = 64 * 1024


class Command(BaseCommand):
    """Checks and imports a file; cut off at any moment, the same command with --resume goes on."""

    help = "Import a CSV file: patients, encounters, claims. Cut off, it goes on with --resume."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what, which file, and for whom."""
        parser.add_argument("importer", choices=sorted(registry.importers))
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument(
            "--as", dest="handle", required=True, metavar="HANDLE", help="who imports"
        )
        parser.add_argument(
            "--map", action="append", default=[], metavar="COLUMN=HEADING", help="match a column"
        )
        parser.add_argument(
            "--days", choices=("dmy", "mdy"), default="", help="order of day and month"
        )
        parser.add_argument("--dry-run", action="store_true", help="check, and import nothing")
        parser.add_argument("--resume", type=UUID, metavar="ID", help="go on with an import")
        parser.add_argument("--undo", type=UUID, metavar="ID", help="take an import back")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and sum up; exit with 1 when rows were refused."""
        self.quiet = options["quiet"]
        user = User.objects.filter(handle=options["handle"]).first()
        if user is None:
            raise CommandError(_("Nobody has this handle."))
        with trail.acting_for(actor=user, purpose="HOPERAT"):
            purpose = str(next(iter(purposes_of(user)), ""))
        try:
            batch = self._begin(options, user, purpose)
        except Unreadable as reason:
            raise CommandError(faults.sentence(reason.code)) from None
        except Refused as refusal:
            raise CommandError(str(refusal.reason)) from None
        batch = self._work(batch)
        if batch.status == Status.CHECKED and not options["dry_run"]:
            with trail.acting_for(actor=user, purpose=purpose):
                batches.start(batch_id=batch.pk, version=batch.version, by=user)
            batch = self._work(batch)
        self._sum_up(batch)

    def _begin(self, options: dict[str, Any], user: User, purpose: str) -> ImportBatch:
        with trail.acting_for(actor=user, purpose=purpose):
            if options["undo"]:
                return batches.undo(batch_id=options["undo"], by=user)
            if options["resume"]:
                batch = ImportBatch.objects.get(pk=options["resume"])
                paused = batch.status == Status.PAUSED
                return batches.resume(batch_id=batch.pk, by=user) if paused else batch
            if options["file"] is None:
                raise CommandError(_("Name a file."))
            return self._upload(options, user, purpose)

    def _upload(self, options: dict[str, Any], user: User, purpose: str) -> ImportBatch:
        importer, path = registry.importers[options["importer"]], options["file"]
        try:
            batch = batches.upload(
                importer=importer, file_name=path.name, content=_parts(path), purpose=purpose, by=user
            )  # fmt: skip
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        self.stdout.write(str(batch.pk))
        self.stdout.flush()
        mapping = batch.mapping | _chosen(options["map"], importer, batch.headers)
        if lacking := matching.missing(importer, mapping):
            names = ", ".join(lacking)
            raise CommandError(_("Match these columns with --map: %(names)s") % {"names": names})
        return batches.match(
            batch_id=batch.pk, version=batch.version, mapping=mapping, day_order=options["days"], by=user
        )  # fmt: skip

    def _work(self, batch: ImportBatch) -> ImportBatch:
        taken = batch_runs.take(batch.pk)
        if taken is None:
            return ImportBatch.objects.get(pk=batch.pk)
        words = str(taken.get_status_display())
        rows = _("rows")
        with tqdm(
            total=taken.rows_total, unit=f" {rows}", desc=words, disable=self.quiet or None, leave=False
        ) as bar:  # fmt: skip

            def told(now: ImportBatch) -> None:
                bar.update(shelf.progress(now).done - bar.n)

            batch_runs.work(taken, told=told)
        return ImportBatch.objects.get(pk=batch.pk)

    def _sum_up(self, batch: ImportBatch) -> None:
        self.stdout.write(
            _(
                "%(state)s: %(rows)d rows, %(created)d new, %(changed)d changed, %(unchanged)d unchanged, "
                "%(failed)d with errors."
            )
            % {
                "state": batch.get_status_display(), "rows": batch.rows_total, "created": batch.rows_created,
                "changed": batch.rows_changed, "unchanged": batch.rows_unchanged, "failed": batch.rows_failed,
            }
        )  # fmt: skip
        for one in shelf.summary(batch):
            column = f"{one['column']}: " if one["column"] else ""
            self.stdout.write(f"  {one['rows']:>8}  {column}{faults.sentence(one['code'])}")
        if batch.rows_kept:
            self.stdout.write(_("Stay as they are: %(count)d rows.") % {"count": batch.rows_kept})
        if batch.problem:
            where = f" ({batch.problem_row})" if batch.problem_row else ""
            self.stderr.write(faults.sentence(batch.problem) + where)
        if batch.rows_failed or batch.problem:
            sys.exit(1)


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part


def _chosen(said: list[str], importer: registry.Importer, headings: list[str]) -> dict[str, int]:
    places = {matching.folded(name): place for place, name in enumerate(headings)}
    found = {}
    for one in said:
        key, _equals, heading = one.partition("=")
        place = places.get(matching.folded(heading))
        if importer.column(key) is None or place is None:
            raise CommandError(_("There is no such column: %(name)s") % {"name": one})
        found[key] = place
    return found
