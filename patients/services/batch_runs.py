"""The work of an import: chunk by chunk, one transaction each, so that it goes on where it was cut off."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, reset_queries, transaction
from django.db.models import F
from django.utils import timezone

from patients.imports import registry
from patients.imports.faults import Unreadable
from patients.imports.run import Run
from patients.models import ImportBatch, ImportRowError
from patients.services import batch_undo, batch_writes
from security import context, trail
from security.ids import new_id
from security.sealing.errors import SealBroken

log = logging.getLogger(__name__)

Status = ImportBatch.Status
CHECK_ROWS = 1000
IMPORT_ROWS = 500


class LeaseLost(Exception):
    """Another process took the import over, or somebody cancelled it; nothing of this chunk is kept."""


@transaction.atomic
def take(batch_id: UUID | None = None, *, now: datetime | None = None) -> ImportBatch | None:
    """Take an import that nobody works on, for a minute at a time; None when there is none."""
    now = now or timezone.now()
    free = ImportBatch.objects.free(now).filter(**({"pk": batch_id} if batch_id else {}))
    batch = free.select_for_update(of=("self",), skip_locked=True).order_by("began_at").first()
    if batch is not None:
        batch.lease, batch.lease_until = new_id(), now + ImportBatch.LEASE
        ImportBatch.objects.filter(pk=batch.pk).update(
            lease=batch.lease, lease_until=batch.lease_until
        )
    return batch


def work(
    batch: ImportBatch, *, seconds: float | None = None, told: Callable[[ImportBatch], object] = id
) -> None:
    """Work on a taken import until it is done, stopped, or the time is over; `told` hears of each chunk."""
    until = time.monotonic() + seconds if seconds is not None else None
    actor, purpose = batch.acting_for, batch.purpose
    with trail.acting_for(actor=actor, system="patients.imports", purpose=purpose):
        try:
            if not registry.may_use(actor, registry.importers[batch.importer]):
                _stop(batch, "not_allowed")
                return
            _go(batch, until, told)
        except LeaseLost:
            return
        except Unreadable as reason:
            _stop(batch, reason.code, reason.row)
        except SealBroken:
            _stop(batch, "file_gone")
        except (DatabaseError, ValueError, TypeError, KeyError) as error:
            # Its text may hold values; the kind of the error and the import tell where to look.
            log.error("import %s stopped: %s", batch.pk, type(error).__name__)
            _stop(batch, "failed")


def _go(batch: ImportBatch, until: float | None, told: Callable[[ImportBatch], object]) -> None:
    step = {
        Status.CHECKING: _Checking, Status.RUNNING: _Importing, Status.UNDOING: _Undoing,
    }[Status(batch.status)](batch)  # fmt: skip
    while step.next():
        context.current().forget_keys()
        # Under DEBUG Django keeps the text of every statement, which is the file once more.
        reset_queries()
        told(batch)
        if until is not None and time.monotonic() > until:
            _release(batch)
            return
    told(batch)


@transaction.atomic
def _release(batch: ImportBatch) -> None:
    ImportBatch.objects.filter(pk=batch.pk, lease=batch.lease).update(lease=None, lease_until=None)


@transaction.atomic
def _stop(batch: ImportBatch, code: str, row: int | None = None) -> None:
    """Pause an import, or refuse its file where it was only being checked, and say why."""
    held = ImportBatch.objects.select_for_update(of=("self",)).filter(
        pk=batch.pk, lease=batch.lease
    )
    now = held.first()
    if now is None or not now.is_at_work:
        return
    is_file = now.status == Status.CHECKING and code not in ("failed", "not_allowed")
    ImportBatch.objects.filter(pk=now.pk).update(
        status=Status.REFUSED if is_file else Status.PAUSED,
        paused_from="" if is_file else now.status,
        problem=code,
        problem_row=row,
        lease=None,
        lease_until=None,
    )
    trail.record(
        "patients.import.file_refused" if is_file else "patients.import.paused",
        outcome="failed",
        obj=now,
    )


class _Step:
    """One kind of work on one import; `next` does one chunk and tells whether more may follow."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch

    def next(self) -> bool:
        """Do one chunk in one transaction; tell whether more may follow."""
        raise NotImplementedError

    def hold(self) -> ImportBatch:
        """Lock the import and make sure that it is still this process's, at this row."""
        found = (
            ImportBatch.objects.select_for_update(of=("self",))
            .filter(pk=self.batch.pk, lease=self.batch.lease, status=self.batch.status)
            .first()
        )
        if found is None or found.rows_done != self.batch.rows_done:
            raise LeaseLost
        return found

    def mark(self, **values: object) -> None:
        """Note how far it is, in the transaction of the chunk, and that somebody works on it."""
        until = timezone.now() + ImportBatch.LEASE
        ImportBatch.objects.filter(pk=self.batch.pk).update(lease_until=until, **values)
        self.batch.refresh_from_db(fields=ImportBatch.Privacy.operational)

    def finish(self, status: Status, *, action: str, **values: int) -> None:
        """Note that it is over."""
        self.mark(status=status, ended_at=timezone.now(), lease=None, **values)
        ImportBatch.objects.filter(pk=self.batch.pk).update(lease_until=None)
        counts = {
            name: getattr(self.batch, f"rows_{name}")
            for name in ("done", "created", "changed", "unchanged", "failed", "kept")
        }
        trail.record(action, obj=self.batch, counts=counts)


class _Reading(_Step):
    """Work that reads the file from where it stopped."""

    phase = ""
    rows = 0

    def __init__(self, batch: ImportBatch) -> None:
        super().__init__(batch)
        self.run = Run(batch)

    def errors_of(self, lines: list[registry.Line]) -> None:
        """Keep what is wrong with some lines."""
        ImportRowError.objects.bulk_create(
            (
                ImportRowError(
                    batch=self.batch,
                    phase=self.phase,
                    row=line.number,
                    column=fault.column,
                    code=fault.code,
                    is_warning=fault.is_warning,
                )
                for line in lines
                for fault in line.faults
            ),
            batch_size=2000,
        )

    def count(self, lines: list[registry.Line], plan: registry.Plan) -> None:
        """Add a chunk to the counts."""
        self.mark(
            rows_done=F("rows_done") + len(lines),
            rows_created=F("rows_created") + len(plan.created),
            rows_changed=F("rows_changed") + len(plan.changed),
            rows_unchanged=F("rows_unchanged") + plan.unchanged,
            rows_failed=F("rows_failed") + sum(line.is_bad for line in lines),
        )


class _Checking(_Reading):
    phase = "check"

    @transaction.atomic
    def next(self) -> bool:
        """Check one chunk; nothing of the record is written."""
        self.hold()
        lines = self.run.lines(CHECK_ROWS)
        if not lines:
            if not self.batch.rows_done:
                raise Unreadable("no_rows")
            self.finish(
                Status.CHECKED,
                action="patients.import.checked",
                rows_total=self.batch.rows_done,
            )
            return False
        plan = self.run.plan(lines)
        self.errors_of(lines)
        self.count(lines, plan)
        return True


class _Importing(_Reading):
    phase = "import"

    @transaction.atomic
    def next(self) -> bool:
        """Import one chunk: rows, index, event and the mark of how far it is, or nothing of it."""
        self.hold()
        lines = self.run.lines(IMPORT_ROWS)
        if not lines:
            self.finish(Status.DONE, action="patients.import.finished")
            return False
        batch_writes.wait_for_turn()
        plan = self.run.plan(lines)
        batch_writes.write(
            batch=self.batch, importer=self.run.importer, plan=plan, number=self.batch.rows_done
        )
        self.errors_of(lines)
        self.count(lines, plan)
        return True


class _Undoing(_Step):
    @transaction.atomic
    def next(self) -> bool:
        """Take back the latest chunk that was not taken back yet."""
        self.hold()
        batch_writes.wait_for_turn()
        chunk = self.batch.chunks.filter(undone_at__isnull=True).order_by("-number").first()
        if chunk is None:
            self.finish(Status.UNDONE, action="patients.import.reverted")
            return False
        importer = registry.importers[self.batch.importer]
        kept = batch_undo.take_back(batch=self.batch, importer=importer, chunk=chunk)
        self.mark(rows_done=chunk.number, rows_kept=F("rows_kept") + kept)
        return True
