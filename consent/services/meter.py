"""The minimisation meter (GDPR 5(1)(c), PIPL 6): each row is opened, counted and closed; no value stays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from consent import declarations
from consent.models import MeterReading, MeterRun
from consent.queries import readings
from consent.queries.readings import ALL, Read
from security import context, trail
from security.models import User
from security.sealing import SealBroken, SealedModel
from security.sealing.register import sealed_models
from security.sealing.shape import shape_of

LOCK = 0x_CD_05_7C
BATCH = 500
# What nobody opened for so long is collected and unused.
UNUSED = timedelta(days=365)
NOTHING: tuple[Any, ...] = (None, "", [], {}, ())


class Busy(Exception):
    """Another process measures now."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold the one measurement that may run; raise Busy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@transaction.atomic
def begin(*, by: User | None = None) -> MeterRun:
    """Return the measurement that is under way, or a new one."""
    running = MeterRun.objects.under_way().first()
    if running is not None:
        return running
    row = MeterRun(
        started_by=by,
        trail_since=readings.trail_since(),
        rows_all=sum(model._base_manager.count() for model in sealed_models()),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        # Two began at once: both have the one that came first.
        return MeterRun.objects.under_way().get()
    trail.record("consent.meter.begun", by=by, changed=[row], obj=row)
    return row


def work(run: MeterRun, *, seconds: float | None = None, now: datetime | None = None) -> MeterRun:
    """Go on with a measurement until it ends or the time is over."""
    until = time.monotonic() + seconds if seconds is not None else None
    for model in sealed_models():
        if model.seal_label < run.model:
            continue
        if model.seal_label != run.model:
            run.model, run.after = model.seal_label, None
        while _step(run, model):
            if until is not None and time.monotonic() > until:
                return run
    return _finish(run, now or timezone.now())


def _step(run: MeterRun, model: type[SealedModel]) -> bool:
    """Count the next batch of one model; False at its end."""
    rows = model._base_manager.order_by("pk")
    batch = list((rows.filter(pk__gt=run.after) if run.after else rows)[:BATCH])
    found: dict[str, int] = run.filled.setdefault(model.seal_label, {ALL: 0})
    with context.matching():
        for row in batch:
            _count(row, found)
    # The keys of a whole clinic would fill the memory.
    context.current().forget_keys()
    found[ALL] += len(batch)
    run.after = batch[-1].pk if batch else run.after
    run.rows_done += len(batch)
    run.moved_at = timezone.now()
    run.save(update_fields=MeterRun.Privacy.operational)
    return len(batch) == BATCH


def _count(row: SealedModel, found: dict[str, int]) -> None:
    for name in shape_of(type(row)).fields:
        try:
            is_filled = getattr(row, name) not in NOTHING
        except SealBroken:
            # Something is there, although nobody reads it any more.
            is_filled = True
        found[name] = found.get(name, 0) + is_filled


@transaction.atomic
def _finish(run: MeterRun, now: datetime) -> MeterRun:
    """Write what was found as dated rows, and who opened each field last."""
    row = MeterRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if row.finished_at is not None:
        return row
    reads = _last_reads(row)
    counts = _counts(row)
    made = MeterReading.objects.bulk_create(
        _reading(row, one, counts.get(one.label, {}), reads, now) for one in declarations.fields()
    )
    _mark(row, made, now)
    row.finished_at, row.model, row.after, row.filled = now, "", None, {}
    row.save()
    unused = sum(one.is_unused for one in made)
    trail.record(
        "consent.meter.measured",
        changed=[row, *made],
        obj=row,
        counts={"rows": row.rows_done, "fields": len(made), "unused": unused},
    )
    return row


def _counts(run: MeterRun) -> Mapping[str, Mapping[str, int]]:
    """Return what was counted in each model: readable columns now, sealed fields on the way."""
    found: dict[str, dict[str, int]] = {}
    wanted: dict[type[models.Model], list[str]] = {}
    for one in declarations.fields():
        if not one.is_sealed:
            wanted.setdefault(one.model, []).append(one.field)
    for model, names in wanted.items():
        label = declarations.label_of(model)
        found[label] = dict(readings.plain_counts(model, names))
        found[label][f"{ALL}sealed"] = run.filled.get(label, {}).get(ALL, 0)
    for label, sealed in run.filled.items():
        found.setdefault(label, {}).update(
            {name: number for name, number in sealed.items() if name != ALL}
        )
        found[label].setdefault(f"{ALL}sealed", sealed.get(ALL, 0))
    return found


def _last_reads(run: MeterRun) -> Mapping[str, Read]:
    """Return who read each field last: what the measurement before knew, and what came since."""
    before = MeterRun.objects.finished().first()
    known: dict[str, Read] = {}
    if before is not None:
        known = {
            one.name: (one.read_at, one.read_by)
            for one in before.readings.filter(read_at__isnull=False)
            if one.read_at is not None
        }
    since = before.started_at if before is not None else datetime.min.replace(tzinfo=UTC)
    return {**known, **readings.last_reads(since)}


def _reading(
    run: MeterRun,
    one: declarations.Declared,
    counts: Mapping[str, int],
    reads: Mapping[str, Read],
    now: datetime,
) -> MeterReading:
    rows = counts.get(f"{ALL}sealed" if one.is_sealed else ALL, 0)
    read_at, read_by = reads.get(one.name, (None, None)) if one.is_sealed else (None, None)
    return MeterReading(
        run=run,
        name=one.name,
        label=one.label,
        field=one.field,
        purpose=one.purpose,
        level=one.level,
        is_sealed=one.is_sealed,
        rows_count=rows,
        filled_count=min(rows, counts.get(one.field, 0)),
        read_at=read_at,
        read_by=read_by,
    )


def _mark(run: MeterRun, made: list[MeterReading], now: datetime) -> None:
    """Mark what is collected and was opened by nobody for twelve months; a younger trail proves nothing."""
    line = now - UNUSED
    if run.trail_since is None or run.trail_since > line:
        return
    since = {model.seal_label: readings.kept_since(model) for model in sealed_models()}
    marked: list[UUID] = []
    for one in made:
        began = since.get(one.label)
        is_old = one.is_sealed and began is not None and began <= line
        if is_old and one.filled_count and (one.read_at is None or one.read_at <= line):
            one.is_unused = True
            marked.append(one.pk)
    MeterReading.objects.filter(pk__in=marked).update(is_unused=True)
