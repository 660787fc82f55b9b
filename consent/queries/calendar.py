"""The calendar in force: the clinic's own days, else those announced for the year, else the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from audit import working_days
from audit.working_days import Days
from consent import clocks, holidays
from consent.models import CalendarDay
from security.models import ClinicProfile
from security.services import clinics

WORKED = CalendarDay.Kind.WORKED


@dataclass(frozen=True, slots=True)
class Here:
    """What deadlines are counted by at the clinic now: today, its zone, its calendar; asked for once."""

    today: date
    zone: ZoneInfo
    days: Days

    def day_of(self, instant: datetime) -> date:
        """Return the day on the clinic's own calendar on which an instant lies."""
        return clocks.local_day(instant, self.zone)


def here() -> Here:
    """Return today, the zone and the calendar of the clinic."""
    zone = working_days.zone()
    return Here(clocks.local_day(timezone.now(), zone), zone, days())


def follows_china() -> bool:
    """Tell whether the announced days of China count here."""
    profile = clinics.profile()
    return profile is not None and ClinicProfile.Law.PIPL in profile.laws


def days() -> Days:
    """Return the calendar in force, with one query; a year with own days is the clinic's alone."""
    kept = list(CalendarDay.objects.in_force().values_list("day", "kind"))
    own = {day.year for day, _kind in kept}
    found = {day: kind == WORKED for day, kind in kept}
    if follows_china():
        for year in holidays.ANNOUNCED.keys() - own:
            found |= {one.day: one.is_worked for one in holidays.of_year(year)}
    spare = working_days.of_settings()
    known = {day.year for day in found}
    return Days(
        spare.weekend,
        frozenset(
            [day for day, is_worked in found.items() if not is_worked]
            + [day for day in spare.holidays if day.year not in known]
        ),
        frozenset(
            [day for day, is_worked in found.items() if is_worked]
            + [day for day in spare.made_up if day.year not in known]
        ),
    )


def is_announced(year: int) -> bool:
    """Tell whether anybody said which days of a year are off."""
    has_own = CalendarDay.objects.in_force().filter(day__year=year).exists()
    return has_own or (follows_china() and year in holidays.ANNOUNCED)


def page(year: int) -> dict[str, Any]:
    """Return the days of one year as the calendar page shows them."""
    rows = [
        {"id": row.pk, "day": row.day, "is_worked": row.kind == WORKED, "label": row.label}
        for row in CalendarDay.objects.in_force().filter(day__year=year).order_by("day")
    ]
    announced: list[dict[str, Any]] = []
    if not rows and follows_china():
        announced = [
            {"day": one.day, "is_worked": one.is_worked, "label": CalendarDay(
                name=one.name, name_zh=one.name_zh).label}
            for one in sorted(holidays.of_year(year), key=lambda one: one.day)
        ]  # fmt: skip
    return {"rows": rows or announced, "is_own": bool(rows), "is_known": bool(rows or announced)}


def find(day_id: UUID) -> CalendarDay:
    """Return a day that counts; raise CalendarDay.DoesNotExist."""
    row: CalendarDay = CalendarDay.objects.in_force().get(pk=day_id)
    return row


def years(today: date) -> list[int]:
    """Return the years that the page offers: the last, this and the next."""
    return [today.year - 1, today.year, today.year + 1]


def today() -> date:
    """Return today's day on the clinic's own calendar."""
    return clocks.local_day(timezone.now(), working_days.zone())
