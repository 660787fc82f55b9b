"""Working days of the clinic: weekends, holidays, and days worked instead; in the clinic's time zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from security.services import clinics

# No calendar has so long a holiday; a list that leaves no day to work is a mistake of the settings.
LONGEST_REST = 60


class NoWorkingDay(RuntimeError):
    """The calendar names weekends and holidays without an end."""


@dataclass(frozen=True, slots=True)
class Days:
    """Which days people work: the weekend, the holidays, and the weekend days that are worked instead."""

    weekend: frozenset[int]
    holidays: frozenset[date] = frozenset()
    made_up: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Tell whether people work on a day."""
        if day in self.made_up:
            return True
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def next_working(self, day: date) -> date:
        """Return the first working day after a day."""
        for number in range(1, LONGEST_REST):
            following = day + timedelta(days=number)
            if self.is_working(following):
                return following
        raise NoWorkingDay(day.isoformat())


def of_settings() -> Days:
    """Return the calendar of the settings, in force where nobody keeps one."""
    return Days(
        frozenset(settings.WEEKEND),
        frozenset(settings.HOLIDAYS),
        frozenset(settings.WORKING_DAYS_MADE_UP),
    )


_kept: list[Callable[[], Days]] = []


def install(calendar: Callable[[], Days]) -> None:
    """Plug in the calendar that people keep in the product; the last one wins."""
    _kept.append(calendar)


def days() -> Days:
    """Return the calendar in force: the one that is kept in the product, else that of the settings."""
    return _kept[-1]() if _kept else of_settings()


def zone() -> ZoneInfo:
    """Return the clinic's time zone; before the set-up that of the server."""
    profile = clinics.profile()
    return ZoneInfo(profile.time_zone if profile else settings.TIME_ZONE)


def due(since: datetime, where: ZoneInfo | None = None, calendar: Days | None = None) -> datetime:
    """Return when one working day is over: the same time of the clock on the next working day.

    What happens on a day off counts from the beginning of the next working day, and so has that whole day.
    The clock is the clinic's, so that a change to summer time neither gives nor takes an hour. Whoever works
    out many asks for `days()` once.
    """
    where, calendar = where or zone(), calendar or of_settings()
    local = since.astimezone(where)
    start, clock = local.date(), local.time().replace(fold=0)
    if not calendar.is_working(start):
        start, clock = calendar.next_working(start), time()
    end = datetime.combine(calendar.next_working(start), clock, tzinfo=where)
    return end.astimezone(UTC)
