"""The clinic's clock: days and times of the wall as instants and back, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats, timezone

from audit import working_days


def zone() -> ZoneInfo:
    """Return the clinic's time zone."""
    return working_days.zone()


def today(where: ZoneInfo | None = None) -> date:
    """Return the day on the clinic's wall."""
    return timezone.now().astimezone(where or zone()).date()


def instant(day: date, clock: time, where: ZoneInfo) -> datetime:
    """Return when a clock on the wall shows a time; a time that a change left out is an hour later."""
    return datetime.combine(day, clock, tzinfo=where).astimezone(UTC)


def is_shown(day: date, clock: time, where: ZoneInfo) -> bool:
    """Tell whether the clock ever shows this time on this day: not in the hour that summer time takes."""
    shown = instant(day, clock, where).astimezone(where)
    return (shown.date(), shown.time()) == (day, clock)


def span(first: date, last: date, where: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which the first day begins and the last day is over."""
    return instant(first, time(), where), instant(last + timedelta(days=1), time(), where)


def clock(at: datetime, where: ZoneInfo) -> str:
    """Return what the clock shows at an instant."""
    return at.astimezone(where).strftime("%H:%M")


def day_words(at: datetime | date, where: ZoneInfo) -> str:
    """Return the day of an instant in words, with its weekday."""
    day = at.astimezone(where).date() if isinstance(at, datetime) else at
    return f"{formats.date_format(day, 'D')} {formats.date_format(day, 'DATE_FORMAT')}"


def words(at: datetime, where: ZoneInfo) -> str:
    """Return day and time of an instant in words."""
    return f"{day_words(at, where)} {clock(at, where)}"


def read(text: str) -> datetime | None:
    """Read an instant from an address; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (OverflowError, ValueError):
        return None


def written(at: datetime) -> str:
    """Return an instant as addresses carry it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
