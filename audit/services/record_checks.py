"""Comparing every row with the trail, batch by batch, so that a stopped comparison goes on where it was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.utils import timezone

from audit import coverage, names
from audit.models import RecordCheck, RecordFinding
from audit.queries import records
from audit.queries.records import Mismatch
from security import trail
from security.access.gate import Refused
from security.sealing import SealedModel

State = RecordCheck.State
LOCK = 0x_CD_05_70_E1
# An event names so many rows; the findings hold all of them.
NAMED = 50


class AlreadyRunning(Refused):
    """Another process compares the records now."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold the one comparison that may run; raise AlreadyRunning."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning("The records are being compared by another process.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@transaction.atomic
def begin(*, restart: bool = False, by: Any = None) -> RecordCheck:
    """Return the comparison that was stopped, or a new one; `restart` gives the stopped one up.

    One that the trail does not know was put there to be gone on with at its end: nothing would be compared.
    """
    unfinished = RecordCheck.objects.unfinished().select_for_update().first()
    forged = list(records.verify_rows([unfinished])) if unfinished is not None else []
    if unfinished is not None and not restart and not forged:
        return unfinished
    if forged:
        where = [f"{one.model}:{one.why}:{one.object_id}" for one in forged]
        trail.record("audit.records.found_tampered", outcome="failed", fields=where, by=by)
    if unfinished is not None:
        _end(unfinished, State.GIVEN_UP, "audit.record_check.stopped", by=by)
    row = RecordCheck.objects.create()
    trail.record("audit.record_check.begun", changed=[row], obj=row, by=by)
    return row


def work(
    check: RecordCheck,
    *,
    seconds: float | None = None,
    told: Callable[[RecordCheck, Sequence[Mismatch]], object] = lambda check, found: None,
) -> RecordCheck:
    """Go on with a comparison until it ends or the time is over; `told` hears of each batch."""
    until = time.monotonic() + seconds if seconds is not None else None
    every = coverage.compared()
    labels = [names.label_of(model) for model in every]
    # A model that left the product meanwhile is passed over by its place in the order.
    for model in every[sum(label < check.model for label in labels) :]:
        if check.model != names.label_of(model):
            check.model, check.after, check.reads_states = names.label_of(model), None, False
        while (found := _step(check, model)) is not None:
            told(check, found)
            if until is not None and time.monotonic() > until:
                return check
    return _finish(check)


def _step(check: RecordCheck, model: type[models.Model]) -> list[Mismatch] | None:
    """Compare the next batch; None at the end of the model."""
    if check.reads_states:
        ids = records.named_after(model, check.after)
        if not ids:
            return None
        found, last, count = list(records.verify_named(model, ids)), ids[-1], 0
    else:
        rows = records.rows_after(model, check.after)
        if not rows:
            check.reads_states, check.after = True, None
            return []
        found, last, count = list(records.verify_rows(rows)), names.id_of(rows[-1]), len(rows)
    check.after, check.rows_done = last, check.rows_done + count
    _keep(check, model, found)
    return found


@transaction.atomic
def _keep(check: RecordCheck, model: type[models.Model], found: Sequence[Mismatch]) -> None:
    """Write down how far the comparison is and what this batch showed, both or neither."""
    known = set(
        check.findings.filter(
            model=names.label_of(model), object_id__in=[one.object_id for one in found]
        ).values_list("object_id", flat=True)
    )
    fresh = [one for one in found if one.object_id not in known]
    check.findings_count += len(fresh)
    check.moved_at = timezone.now()
    check.save(update_fields=RecordCheck.Privacy.operational)
    if fresh:
        _tell(check, model, fresh)


def _tell(check: RecordCheck, model: type[models.Model], found: Sequence[Mismatch]) -> None:
    rows = RecordFinding.objects.bulk_create(
        RecordFinding(check_run=check, model=one.model, object_id=one.object_id, why=str(one.why))
        for one in found
    )
    trail.record(
        "audit.records.found_tampered",
        outcome="failed",
        subjects=_subjects(model, [one.object_id for one in found]),
        changed=rows,
        obj=check,
        fields=[f"{one.model}:{one.why}:{one.object_id}" for one in found[:NAMED]],
        counts=dict(Counter(str(one.why) for one in found)),
    )


def _subjects(model: type[models.Model], ids: Sequence[UUID]) -> list[UUID]:
    """Return whose the rows are, where they say it without being opened."""
    column = getattr(model, "subject_field", None) if issubclass(model, SealedModel) else None
    if column is None:
        return []
    rows = model._base_manager.filter(pk__in=ids).values_list(column, flat=True)
    return sorted({one for one in rows if isinstance(one, UUID)})


@transaction.atomic
def _finish(check: RecordCheck) -> RecordCheck:
    state = State.FOUND if check.findings_count else State.CLEAN
    return _end(check, state, "audit.records.verified", by=None)


def _end(check: RecordCheck, state: str, action: str, *, by: Any) -> RecordCheck:
    check.state, check.finished_at = state, timezone.now()
    check.save()
    trail.record(
        action,
        outcome="failed" if state == State.FOUND else "success",
        changed=[check],
        obj=check,
        counts={"rows": check.rows_done, "findings": check.findings_count},
        by=by,
    )
    return check
