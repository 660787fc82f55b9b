"""Dates and instants of FHIR: any precision in, an instant in UTC and how exact it was out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal, NamedTuple

from django.utils.translation import gettext as _

Precision = Literal["year", "month", "day", "instant"]
_MOMENT = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<part>\d{1,12}))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


class Moment(NamedTuple):
    """The first instant that a date or instant may mean, in UTC, and how exact it was written."""

    at: datetime
    precision: Precision


def read(text: str) -> Moment:
    """Return what a FHIR date, dateTime or instant says; raise ValueError with the reason."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError(_("not a FHIR date or instant"))
    parts = match.groupdict()
    precision: Precision = "year"
    if parts["hour"]:
        precision = "instant"
    elif parts["day"]:
        precision = "day"
    elif parts["month"]:
        precision = "month"
    if precision == "instant" and not parts["zone"]:
        raise ValueError(_("a time of day without its zone"))
    try:
        return Moment(_instant(parts), precision)
    except (ValueError, OverflowError):
        raise ValueError(_("no such day or time")) from None


def _instant(parts: dict[str, str | None]) -> datetime:
    # A leap second has no place in the calendar of Python: it becomes the second before.
    second = min(int(parts["second"] or 0), 59) if parts["second"] != "61" else 61
    found = datetime(
        int(parts["year"] or 0),
        int(parts["month"] or 1),
        int(parts["day"] or 1),
        int(parts["hour"] or 0),
        int(parts["minute"] or 0),
        second,
        int((parts["part"] or "0")[:6].ljust(6, "0")),
        tzinfo=_zone(parts["zone"] or "Z"),
    )
    return found.astimezone(UTC)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def write(at: datetime) -> str:
    """Return an instant in UTC, with a fraction only where there is one."""
    at = at.astimezone(UTC)
    if at.microsecond % 1000:
        return at.isoformat(timespec="microseconds")
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def read_day(text: str) -> tuple[date, Precision]:
    """Return the first day that a FHIR date may mean, and how exact it was written."""
    at, precision = read(text)
    if precision == "instant":
        raise ValueError(_("a date without a time of day is expected"))
    return at.date(), precision


def write_day(day: date, precision: Precision) -> str:
    """Return a date no more exact than it is known."""
    return day.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]
