"""A second calculator of the deadlines, which shares nothing with the first: it walks from day to day.

The local day comes from dateutil's reading of the time zones, the length of months from `calendar`.
"""

import calendar
from datetime import date, datetime, timedelta

from dateutil import tz

ONE = timedelta(days=1)
# What regulation 1a says, written down once more: kind -> days and extension, or nothing.
US = {
    "access": (30, 30), "portability": (30, 30), "rectification": (60, 30), "accounting": (60, 30),
    "objection": (0, 0),
}  # fmt: skip
EVERYWHERE = (
    "access", "rectification", "erasure", "restriction", "portability", "accounting", "explanation",
    "closure", "complaint",
)  # fmt: skip
LAWS = ("hipaa", "gdpr", "pipl")


def local_day(instant, zone):
    """Return the day that a clock on the wall shows."""
    seen = instant.astimezone(tz.gettz(zone))
    return date(seen.year, seen.month, seen.day)


def days_on(day, number):
    for _one in range(number):
        day += ONE
    return day


def months_on(day, number):
    """Walk to the month, then to the day of the same number, or to the last day before it."""
    wanted, here = day.day, day
    for _month in range(number):
        here = date(here.year, here.month, calendar.monthrange(here.year, here.month)[1]) + ONE
    while here.day < wanted and (here + ONE).month == here.month:
        here += ONE
    return here


def off_the_weekend(day, holidays):
    while calendar.weekday(day.year, day.month, day.day) in (5, 6) or day in holidays:
        day += ONE
    return day


def working_days_on(day, number, holidays, made_up):
    while number:
        day += ONE
        rests = calendar.weekday(day.year, day.month, day.day) > 4 or day in holidays
        number -= day in made_up or not rests
    return day


def deadlines(kind, received, zone, holidays, made_up, *, is_extended):
    """Return law -> (target, limit) for each law that times the kind."""
    start = local_day(received, zone)
    if kind == "objection":
        return dict.fromkeys(LAWS, (None, start))
    found = {}
    if kind in US:
        days, extra = US[kind]
        found["hipaa"] = (None, days_on(start, days + (extra if is_extended else 0)))
    if kind in EVERYWHERE:
        end = months_on(start, 3 if is_extended else 1)
        found["gdpr"] = (None, off_the_weekend(end, holidays))
        found["pipl"] = (
            working_days_on(start, 15, holidays, made_up), days_on(start, 30),
        )  # fmt: skip
    return found


def instants_around(zone, years):
    """Yield moments around each change of the clock, each leap day, and each turn of a year."""
    where = tz.gettz(zone)

    def offset(moment):
        return moment.astimezone(where).utcoffset()

    for year in years:
        for number in range(366 if calendar.isleap(year) else 365):
            day = datetime(year, 1, 1, tzinfo=tz.UTC) + number * ONE
            if offset(day) == offset(day + ONE):
                continue
            # The hour, then the half hour (Lord Howe), in which the clock changes.
            for half in range(1, 49):
                here = day + timedelta(minutes=30 * half)
                if offset(here) != offset(here - timedelta(minutes=30)):
                    shifts = (-3601, -1, 0, 1, 3599, 86400)
                    yield from (here + timedelta(seconds=shift) for shift in shifts)
        yield from turns_of(year, where)


def turns_of(year, where):
    """Yield moments of the days at which months and years end."""
    turns = [(12, 31), (1, 1), (2, 28), (3, 1), (1, 31), (1, 30), (8, 31), (11, 30)]
    for month, day in turns + ([(2, 29)] if calendar.isleap(year) else []):
        for hour, minute, second in ((0, 0, 0), (12, 0, 0), (23, 59, 59)):
            moment = datetime(year, month, day, hour, minute, second, tzinfo=where)
            yield moment.astimezone(tz.UTC)
