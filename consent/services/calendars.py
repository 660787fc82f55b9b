"""Keeping the working-day calendar: days off and days worked instead, one by one or a year from a list."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import holidays
from consent.models import CalendarDay
from consent.services import clock_moves
from security import trail
from security.access.gate import Refused
from security.models import User

Kind = CalendarDay.Kind
LOCK = 0x4355_5374_0041
MOST_DAYS, MOST_LETTERS = 400, 80
COLUMNS = ("day", "kind", "name", "name_zh")
FIRST_YEAR, LAST_YEAR = 2000, 2100


class DayTaken(Refused):
    """The day stands in the calendar already."""


class DayChanged(Refused):
    """Somebody else changed the day meanwhile."""


class NoSuchYear(Refused):
    """Nobody announced the days of that year."""


class BadList(Refused):
    """A line of a list can not be read."""


@transaction.atomic
def add(*, day: date, kind: str, name: str, name_zh: str, by: User | None) -> CalendarDay:
    """Put one day into the calendar; open requests follow it."""
    row = _add([(day, kind, name, name_zh)], by)[0]
    trail.record("consent.calendar.day_added", changed=[row], obj=row, by=by)
    clock_moves.follow_calendar(by=by)
    return row


def _add(entries: Sequence[tuple[date, str, str, str]], by: User | None) -> list[CalendarDay]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    wanted = [day for day, *_rest in entries]
    if any(not FIRST_YEAR <= day.year <= LAST_YEAR for day in wanted):
        raise BadList(_("The calendar holds the years 2000 to 2100."))
    if len(set(wanted)) < len(wanted):
        raise DayTaken(_("A day stands in the list twice."))
    if CalendarDay.objects.in_force().filter(day__in=wanted).exists():
        raise DayTaken(_("A day stands in the calendar already. Take it out first."))
    return CalendarDay.objects.bulk_create(
        CalendarDay(day=day, kind=kind, name=name, name_zh=name_zh, changed_by=by)
        for day, kind, name, name_zh in entries
    )


@transaction.atomic
def change(
    *, day_id: UUID, version: int, kind: str, name: str, name_zh: str, by: User
) -> CalendarDay:
    """Correct one day of the calendar; open requests follow it."""
    row = _locked(day_id, version)
    row.kind, row.name, row.name_zh = kind, name, name_zh
    _write(row, by)
    trail.record("consent.calendar.day_changed", changed=[row], obj=row, by=by)
    clock_moves.follow_calendar(by=by)
    return row


@transaction.atomic
def remove(*, day_id: UUID, version: int, by: User) -> CalendarDay:
    """Take one day out of the calendar; the row stays and counts no more."""
    row = _locked(day_id, version)
    row.removed_at = timezone.now()
    _write(row, by)
    trail.record("consent.calendar.day_removed", changed=[row], obj=row, by=by)
    clock_moves.follow_calendar(by=by)
    return row


def _locked(day_id: UUID, version: int) -> CalendarDay:
    row: CalendarDay = CalendarDay.objects.select_for_update(of=("self",)).get(pk=day_id)
    if row.version != version or row.removed_at is not None:
        raise DayChanged(_("Somebody changed this day meanwhile. Look at the calendar again."))
    return row


def _write(row: CalendarDay, by: User) -> None:
    row.version, row.changed_at, row.changed_by = row.version + 1, timezone.now(), by
    row.save(
        update_fields=["kind", "name", "name_zh", "version", "changed_at", "changed_by", "removed_at"]
    )  # fmt: skip


@transaction.atomic
def take_over(*, year: int, by: User | None) -> list[CalendarDay]:
    """Copy the announced days of a year into the calendar, where they can be edited."""
    found = [
        (one.day, Kind.WORKED if one.is_worked else Kind.HOLIDAY, one.name, one.name_zh)
        for one in holidays.of_year(year)
    ]
    if not found:
        raise NoSuchYear(_("Nobody announced the days of this year here. Read in a list."))
    rows = _add(found, by)
    _record_list(rows, by)
    return rows


@transaction.atomic
def read_in(*, text: str, by: User) -> list[CalendarDay]:
    """Read in a list of days: CSV with the columns day, kind, name, name_zh; all of it, or nothing."""
    rows = _add(_lines(text), by)
    _record_list(rows, by)
    return rows


def _record_list(rows: Sequence[CalendarDay], by: User | None) -> None:
    trail.record("consent.calendar.list_imported", changed=rows, counts={"days": len(rows)}, by=by)
    clock_moves.follow_calendar(by=by)


def _lines(text: str) -> list[tuple[date, str, str, str]]:
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines(), strict=True)
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadList(_("The first line names the columns: day, kind, name, name_zh."))
        found = [_line(number, line) for number, line in enumerate(reader, 2)]
    except csv.Error:
        raise BadList(_("This is no list of comma-separated values.")) from None
    if not 0 < len(found) <= MOST_DAYS:
        raise BadList(_("A list has between one day and 400."))
    return found


def _line(number: int, line: dict[str, str | None]) -> tuple[date, str, str, str]:
    said = [(line[column] or "").strip() for column in COLUMNS]
    try:
        day = date.fromisoformat(said[0])
    except ValueError:
        raise BadList(
            _("Line %(number)d: the day is not written as 2026-10-01.") % {"number": number}
        ) from None
    if said[1] not in Kind.values or not said[2] or not said[3]:
        raise BadList(
            _("Line %(number)d: the kind is “holiday” or “worked”, and both names are given.")
            % {"number": number}
        )
    if max(map(len, said[2:])) > MOST_LETTERS or None in line:
        raise BadList(_("Line %(number)d is too long.") % {"number": number})
    return day, said[1], said[2], said[3]
