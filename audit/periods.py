"""Weeks and months of the clinic's own calendar, as instants: a day may have 23 or 25 hours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKLY, MONTHLY = "weekly", "monthly"
DAY = timedelta(days=1)
WEEK = 7
INSTANT = timedelta(microseconds=1)


def instant(day: date, zone: str, hour: int = 0) -> datetime:
    """Return the instant of an hour of a day; one that a change of the clock leaves out is the one after."""
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A week from Monday or a month; `ends_on` is the day after its last, `until` cuts a running one."""

    kind: str
    starts_on: date
    ends_on: date
    zone: str
    until: datetime | None = None

    @property
    def starts_at(self) -> datetime:
        """Return its first instant."""
        return instant(self.starts_on, self.zone)

    @property
    def ends_at(self) -> datetime:
        """Return the instant before which it ends."""
        return self.until or instant(self.ends_on, self.zone)

    @property
    def last_day(self) -> date:
        """Return the last day of which it holds something."""
        if self.until is not None:
            last = max(self.starts_at, self.until - INSTANT)
            return last.astimezone(ZoneInfo(self.zone)).date()
        return self.ends_on - DAY

    @property
    def days(self) -> list[date]:
        """Return its days."""
        count = (self.last_day - self.starts_on).days + 1
        return [self.starts_on + DAY * number for number in range(count)]

    def before(self) -> Period:
        """Return the period before; of a running one, as much of it as has passed of this."""
        earlier = containing(self.kind, self.starts_on - DAY, self.zone)
        if self.until is None:
            return earlier
        cut = earlier.starts_at + (self.until - self.starts_at)
        return replace(earlier, until=cut) if cut < earlier.ends_at else earlier

    def after(self) -> Period:
        """Return the period after."""
        return containing(self.kind, self.ends_on, self.zone)

    def cut(self, at: datetime) -> Period:
        """Return what has passed of it at an instant."""
        return replace(self, until=at)


def containing(kind: str, day: date, zone: str) -> Period:
    """Return the whole week or month in which a day lies."""
    if kind == WEEKLY:
        start = day - DAY * day.weekday()
        return Period(kind, start, start + DAY * WEEK, zone)
    start = day.replace(day=1)
    return Period(kind, start, (start + DAY * 31).replace(day=1), zone)


def at(kind: str, moment: datetime, zone: str) -> Period:
    """Return the whole week or month of an instant."""
    return containing(kind, moment.astimezone(ZoneInfo(zone)).date(), zone)
