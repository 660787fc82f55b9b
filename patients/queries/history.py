"""One entry with all its versions: who changed what, when and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from audit import names
from audit.models import Event
from patients.models import PatientRecord, RecordVersion
from patients.queries import entries, versions
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY
from security.models import User
from security.sealing import SealBroken


class Locked(Exception):
    """The entry is specially protected and not open to this person."""


@dataclass(frozen=True, slots=True)
class Step:
    """One version: what it changed of the one before, and who did it; the first changed nothing."""

    number: int
    at: datetime | None = None
    who: str = ""
    reason: str = ""
    changes: list[Any] = field(default_factory=list)
    is_first: bool = False
    broken: bool = False
    # Before or after it the entry was specially protected, and that is not for this reader.
    restricted: bool = False


def find(chart: Chart, kind: str, record_id: UUID) -> Any:
    """Return an entry of a chart; raise DoesNotExist, or Locked where it is not for this reader."""
    row = BY_KEY[kind].rows(chart.patient.pk, chart.sees_restricted).get(pk=record_id)
    if entries.is_locked(row, chart.sees_restricted):
        raise Locked(repr(row))
    entries.uncover(row, sees_restricted=chart.sees_restricted)
    return row


Compare = Callable[[Any, Any], list[Any]]


def steps(chart: Chart, row: PatientRecord, compare: Compare) -> list[Step]:
    """Return the versions of an entry, the newest first; `compare` tells what differs between two."""
    kept = list(versions.of_row(row).select_related("replaced_by"))
    later: Any = row
    found: list[Step] = []
    for version in kept:
        earlier = versions.reopened(version)
        found.append(_step(chart, later, version, earlier, compare))
        later = earlier
    return [*found, Step(later.version, row.created_at, _first_writer(row), is_first=True)]


def _first_writer(row: PatientRecord) -> str:
    """Return who wrote an entry first, by the trail; nobody where it came with an import."""
    told = Event.objects.filter(
        object_label=names.label_of(type(row)), object_id=row.pk, action="patients.item.added"
    )
    writer = User.objects.filter(pk__in=told.values("actor_id")).first()
    return _name(writer)


def _step(chart: Chart, later: Any, version: RecordVersion, earlier: Any, compare: Compare) -> Step:
    who, sees = _name(version.replaced_by), chart.sees_restricted
    if entries.is_locked(earlier, sees) or entries.is_locked(later, sees):
        return Step(later.version, version.replaced_at, who, restricted=True)
    try:
        entries.uncover(earlier, sees_restricted=sees)
        reason, changes = version.reason or "", compare(earlier, later)
    except SealBroken:
        return Step(later.version, version.replaced_at, who, broken=True)
    return Step(later.version, version.replaced_at, who, reason, changes)


def _name(user: User | None) -> str:
    if user is None:
        return gettext("An import")
    try:
        return user.display_name or user.handle
    except SealBroken:
        return user.handle
