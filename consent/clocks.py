"""By when each law wants a request answered; pure calendar, in days of the clinic's own zone.

What counts is the local day of receipt; that day itself is not counted. An hour that summer time gives or
takes moves nothing.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from audit.working_days import LONGEST_REST, Days, NoWorkingDay
from security.models import ClinicProfile

Law = ClinicProfile.Law
SATURDAY = 6


class Unit(StrEnum):
    """In what a period is counted."""

    DAYS = "days"
    MONTHS = "months"
    AT_ONCE = "at_once"


@dataclass(frozen=True, slots=True)
class Term:
    """What one law gives for one right: a period, one extension, and a target where the law has no number."""

    article: str
    unit: Unit
    number: int = 0
    extension: int = 0
    # Working days within which the clinic means to answer; the period itself is the limit.
    target: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """When one law's period began and ends; the last day counts in full."""

    law: str
    term: Term
    received_on: date
    # Without the extension, so that it shows whether an extension was told in time.
    first_on: date
    due_on: date
    target_on: date | None
    is_extended: bool


def _us(article: str, number: int, extension: int = 30) -> Term:
    return Term(article, Unit.DAYS, number, extension)


def _eu(article: str) -> Term:
    return Term(article, Unit.MONTHS, 1, 2)


def _cn(article: str) -> Term:
    # "Timely" has no number: 15 working days are aimed at, 30 days are the limit.
    return Term(article, Unit.DAYS, 30, target=15)


def _now(article: str) -> Term:
    return Term(article, Unit.AT_ONCE)


# Law -> kind of request -> its period (regulation 1a). A right that a law does not time is missing.
TERMS: Mapping[str, Mapping[str, Term]] = {
    Law.HIPAA: {
        "access": _us("45 CFR 164.524(b)(2)", 30),
        "portability": _us("45 CFR 164.524(b)(2)", 30),
        "rectification": _us("45 CFR 164.526(b)(2)", 60),
        "accounting": _us("45 CFR 164.528(c)(1)", 60),
        "objection": _now("45 CFR 164.508(b)(5)"),
    },
    Law.GDPR: {
        "access": _eu("GDPR 12(3), 15"),
        "portability": _eu("GDPR 12(3), 20"),
        "rectification": _eu("GDPR 12(3), 16"),
        "erasure": _eu("GDPR 12(3), 17"),
        "restriction": _eu("GDPR 12(3), 18"),
        "objection": _now("GDPR 21(3)"),
        "accounting": _eu("GDPR 12(3), 15(1)(c)"),
        "explanation": _eu("GDPR 12(3), 13-15"),
        "closure": _eu("GDPR 12(3), 17"),
        "complaint": _eu("GDPR 12(3)"),
    },
    Law.PIPL: {
        "access": _cn("PIPL 45"),
        "portability": _cn("PIPL 45(3)"),
        "rectification": _cn("PIPL 46"),
        "erasure": _cn("PIPL 47"),
        "restriction": _cn("PIPL 44"),
        "objection": _now("PIPL 24, 44"),
        "accounting": _cn("PIPL 17, 45"),
        "explanation": _cn("PIPL 48"),
        "closure": _cn("PIPL 15, 47"),
        "complaint": _cn("PIPL 50"),
    },
}


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day on the clinic's calendar on which an instant lies."""
    return instant.astimezone(zone).date()


def over_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day of the clinic is over; also where its midnight does not exist."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def clock(
    law: str, kind: str, received_on: date, days: Days, *, is_extended: bool = False
) -> Clock | None:
    """Return the clock of one law for one right; None where the law gives no period."""
    term = TERMS[law].get(kind)
    if term is None:
        return None
    first_on = _end(law, term, received_on, term.number, days)
    extended = is_extended and term.extension > 0
    due_on = (
        _end(law, term, received_on, term.number + term.extension, days) if extended else first_on
    )
    target_on = working_day(received_on, term.target, days) if term.target else None
    return Clock(law, term, received_on, first_on, due_on, target_on, extended)


def clocks(
    laws: Iterable[str], kind: str, received_on: date, days: Days, *, is_extended: bool = False
) -> list[Clock]:
    """Return the clocks of all laws that time a right, the earliest first."""
    found = (clock(law, kind, received_on, days, is_extended=is_extended) for law in laws)
    return sorted((one for one in found if one), key=lambda one: (one.due_on, one.law))


def earliest(found: Iterable[Clock]) -> tuple[date | None, date | None]:
    """Return the target and the limit that win over all laws: the earliest of each; None without a law."""
    several = list(found)
    due_on = min((one.due_on for one in several), default=None)
    if due_on is None:
        return None, None
    return min([due_on, *(one.target_on for one in several if one.target_on)]), due_on


def first_period(found: Iterable[Clock]) -> date | None:
    """Return the last day on which an extension can be told; None where no law lets one extend."""
    return min((one.first_on for one in found if one.term.extension), default=None)


def _end(law: str, term: Term, start: date, number: int, days: Days) -> date:
    if term.unit is Unit.AT_ONCE:
        return start
    if term.unit is Unit.DAYS:
        return start + timedelta(days=number)
    end = months_later(start, number)
    return _moved(end, days) if law == Law.GDPR else end


def months_later(start: date, number: int) -> date:
    """Return the same day some months later, or the last day of that month where it is shorter."""
    months = start.year * 12 + start.month - 1 + number
    year, month = divmod(months, 12)
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def working_day(start: date, number: int, days: Days) -> date:
    """Return the n-th working day after a day."""
    found = start
    for _count in range(number):
        found = days.next_working(found)
    return found


def _moved(end: date, days: Days) -> date:
    """Move an end on a Saturday, a Sunday or a holiday to the next working day (Regulation 1182/71, 3(4)).

    The regulation knows no weekend day that is worked instead: its working days leave out every weekend.
    """
    for number in range(LONGEST_REST):
        day = end + timedelta(days=number)
        if day.isoweekday() < SATURDAY and day not in days.holidays:
            return day
    raise NoWorkingDay(end.isoformat())


def working_days_left(today: date, until: date, days: Days) -> int:
    """Count the working days from tomorrow to a day, that one included; negative once it is past."""
    if until < today:
        return -working_days_left(until, today, days)
    span = (until - today).days
    return sum(days.is_working(today + timedelta(days=one)) for one in range(1, span + 1))
