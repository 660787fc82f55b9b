"""The minimisation meter as pages show it: purposes with bars, then the fields of one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from audit.queries import officers
from consent import declarations
from consent.models import MeterReading, MeterRun, ProcessingPurpose
from security.classification import PURPOSES
from security.people import called

RUNS_SHOWN = 12


def run_of(run_id: str = "") -> MeterRun | None:
    """Return a whole measurement by its id, or the newest."""
    rows = MeterRun.objects.finished()
    try:
        return rows.filter(pk=UUID(run_id)).first() if run_id else rows.first()
    except ValueError:
        return None


def page(run: MeterRun | None) -> dict[str, Any]:
    """Return the page of the meter: what each declared purpose holds, and the measurements there are."""
    found: dict[str, list[MeterReading]] = defaultdict(list)
    for one in run.readings.all() if run else ():
        found[one.purpose].append(one)
    served = {row.key: row.label for row in ProcessingPurpose.objects.all()}
    return {
        "run": run,
        "started_by": called(run.started_by) if run else "",
        "groups": [_group(key, found[key], served) for key in sorted(found)],
        "runs": list(MeterRun.objects.finished()[:RUNS_SHOWN]),
        "under_way": MeterRun.objects.under_way().first(),
    }


def _group(key: str, rows: list[MeterReading], served: dict[str, str]) -> dict[str, Any]:
    filled = [row.percent for row in rows if row.rows_count]
    return {
        "key": key,
        "why": PURPOSES.get(key, ""),
        "serves": [served.get(one, one) for one in declarations.REGISTERED.get(key, ())],
        "fields": len(rows),
        "sealed": sum(row.is_sealed for row in rows),
        "percent": round(sum(filled) / len(filled)) if filled else 0,
        "read_at": max((row.read_at for row in rows if row.read_at), default=None),
        "unused": sum(row.is_unused for row in rows),
    }


def of_purpose(run: MeterRun, purpose: str) -> list[dict[str, Any]]:
    """Return the fields that are declared for one purpose, what is unused first, then sealed ones."""
    rows = sorted(
        run.readings.filter(purpose=purpose),
        key=lambda row: (not row.is_unused, not row.is_sealed, row.name),
    )
    names = officers.names_of({row.read_by for row in rows})
    return [
        {
            "row": row,
            "model": model_name(row.label),
            "read_by": names.get(row.read_by, "") if row.read_by else "",
        }
        for row in rows
    ]


@cache
def _models() -> dict[str, str | Promise]:
    return {one.label: one.model._meta.verbose_name or one.label for one in declarations.fields()}


def model_name(label: str) -> str:
    """Return what a model is called, in the reader's language."""
    return str(_models().get(label, label))


def grouped(fields: Iterable[declarations.Declared]) -> list[dict[str, Any]]:
    """Return declared fields by their model, as the record of processing lists them."""
    found: dict[str, list[declarations.Declared]] = defaultdict(list)
    for one in fields:
        found[one.label].append(one)
    return [
        {
            "label": label,
            "name": model_name(label),
            "fields": [one.field for one in rows],
            "level": max(one.level for one in rows),
            "sealed": sum(one.is_sealed for one in rows),
        }
        for label, rows in sorted(found.items())
    ]


def unused_count() -> int:
    """Return how many fields the newest measurement found collected and unused."""
    run = run_of()
    return run.readings.filter(is_unused=True).count() if run else 0
