"""When people give appointments: their weekly hours on the clinic's clock, less holidays and absences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from audit.working_days import Days
from consent.queries import calendar
from engagement import clocks
from engagement.models import Absence, WorkingHours

MONDAY = 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which somebody gives appointments, and the room where."""

    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    room_id: UUID | None = None


def stretches(user_ids: Collection[UUID], first: date, last: date) -> list[Stretch]:
    """Return when some people give appointments on some days, the earliest first; four queries."""
    where = clocks.zone()
    weekly: dict[UUID, dict[int, list[WorkingHours]]] = {}
    for row in WorkingHours.objects.in_force().filter(user_id__in=user_ids):
        weekly.setdefault(row.user_id, {}).setdefault(row.weekday, []).append(row)
    if not weekly:
        return []
    off = absences(list(weekly), *clocks.span(first, last, where))
    days, found = calendar.days(), []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for user_id, week in weekly.items():
            for row in week.get(_weekday(day, days, week), ()):
                whole = Stretch(
                    user_id,
                    clocks.instant(day, row.begins, where),
                    clocks.instant(day, row.ends, where),
                    row.room_id,
                )
                found += _without(whole, off)
    return sorted(found, key=lambda one: (one.starts_at, one.user_id))


def _weekday(day: date, days: Days, week: Collection[int]) -> int:
    """Return by which weekday's hours a day is worked; 0 for none."""
    if day in days.made_up:
        # A weekend day that is worked instead of a holiday is worked like a Monday.
        return day.isoweekday() if day.isoweekday() in week else MONDAY
    return 0 if day in days.holidays else day.isoweekday()


def is_holiday(day: date, days: Days) -> bool:
    """Tell whether the calendar of the clinic has a day off then, weekends apart."""
    return day in days.holidays and day not in days.made_up


def absences(user_ids: Collection[UUID], start: datetime, end: datetime) -> list[Absence]:
    """Return who is away in a time, the clinic's closed times among them."""
    whose = Q(user_id__in=user_ids) | Q(user__isnull=True)
    return list(Absence.objects.in_force().within(start, end).filter(whose).order_by("starts_at"))


def _without(whole: Stretch, off: Sequence[Absence]) -> list[Stretch]:
    parts = [whole] if whole.ends_at > whole.starts_at else []
    for one in off:
        if one.user_id in (None, whole.user_id):
            parts = [rest for part in parts for rest in cut(part, one.starts_at, one.ends_at)]
    return parts


def cut(part: Stretch, start: datetime, end: datetime) -> Iterable[Stretch]:
    """Yield what is left of a stretch without a time."""
    if end <= part.starts_at or start >= part.ends_at:
        yield part
        return
    if part.starts_at < start:
        yield replace(part, ends_at=start)
    if end < part.ends_at:
        yield replace(part, starts_at=end)
