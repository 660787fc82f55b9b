"""Working days of the clinic: weekends, holidays, and days worked instead; in the clinic's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from security.services import clinics

# No calendar has so long a holiday; a list that leaves no day to work is a mistake of the settings.
LONGEST_REST = 60


class NoWorkingDay(RuntimeError):
    """The settings name weekends and holidays without an end."""


def zone() -> ZoneInfo:
    """Return the clinic's time zone; before the set-up that of the server."""
    profile = clinics.profile()
    return ZoneInfo(profile.time_zone if profile else settings.TIME_ZONE)


def is_working(day: date) -> bool:
    """Tell whether people work on a day."""
    if day in settings.WORKING_DAYS_MADE_UP:
        return True
    return day.isoweekday() not in settings.WEEKEND and day not in settings.HOLIDAYS


def next_working(day: date) -> date:
    """Return the first working day after a day."""
    for number in range(1, LONGEST_REST):
        following = day + timedelta(days=number)
        if is_working(following):
            return following
    raise NoWorkingDay(day.isoformat())


def due(since: datetime, where: ZoneInfo | None = None) -> datetime:
    """Return when one working day is over: the same time of the clock on the next working day.

    What happens on a day off counts from the beginning of the next working day, and so has that whole day.
    The clock is the clinic's, so that a change to summer time neither gives nor takes an hour.
    """
    where = where or zone()
    local = since.astimezone(where)
    start, clock = local.date(), local.time().replace(fold=0)
    if not is_working(start):
        start, clock = next_working(start), time()
    end = datetime.combine(next_working(start), clock, tzinfo=where)
    return end.astimezone(UTC)
