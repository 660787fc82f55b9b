"""Deadlines of every law equal those of a second calculator that walks from day to day."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit.working_days import Days
from consent import clocks, holidays
from consent.models import RightsRequest
from tests.consent import walking

ZONES = (
    "UTC", "Asia/Shanghai", "Europe/Berlin", "Europe/London", "America/New_York",
    "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe",
    "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu",
)  # fmt: skip
KINDS = RightsRequest.Kind.values
CHINA = [one for year in (2025, 2026) for one in holidays.of_year(year)]
OFF = frozenset(one.day for one in CHINA if not one.is_worked)
WORKED = frozenset(one.day for one in CHINA if one.is_worked)
DAYS = Days(frozenset({6, 7}), OFF, WORKED)


def faults(received, zone, kind, *, is_extended):
    """Return what the two calculators do not agree on."""
    day = clocks.local_day(received, ZoneInfo(zone))
    found = clocks.clocks(walking.LAWS, kind, day, DAYS, is_extended=is_extended)
    mine = {str(one.law): (one.target_on, one.due_on) for one in found}
    other = walking.deadlines(kind, received, zone, OFF, WORKED, is_extended=is_extended)
    return [] if mine == other else [(zone, kind, received.isoformat(), is_extended, mine, other)]


@pytest.mark.prove(step=4, full=10_000)
def test_deadlines_equal_those_of_a_second_calculator_for_random_moments(rounds):
    dice, wrong = random.Random(20261124), []
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    span = int((datetime(2037, 1, 1, tzinfo=UTC) - begin).total_seconds())
    for _round in range(rounds):
        received = begin + timedelta(seconds=dice.randrange(span))
        for is_extended in (False, True):
            wrong += faults(
                received, dice.choice(ZONES), dice.choice(KINDS), is_extended=is_extended
            )
    assert not wrong, wrong[:3]


@pytest.mark.prove(step=4, full=35 * 200)
def test_deadlines_equal_at_every_change_of_the_clock_leap_day_and_turn_of_a_year(rounds):
    # The full run takes every year of 2000 to 2034, the reduced one the year of now and a leap year.
    years = (2026, 2028) if rounds < 200 else range(2000, 2035)
    zones = ZONES if rounds >= 200 else ZONES[::4]
    wrong, made = [], 0
    for zone in zones:
        for received in walking.instants_around(zone, years):
            for kind in ("access", "rectification", "objection"):
                wrong += faults(received, zone, kind, is_extended=made % 2 == 0)
                made += 1
    assert made > 400
    assert not wrong, wrong[:3]


@pytest.mark.parametrize(
    ("law", "kind", "received", "is_extended", "due"),
    [
        ("gdpr", "access", date(2026, 1, 31), False, date(2026, 3, 2)),  # 28 Feb is a Saturday
        ("gdpr", "access", date(2027, 1, 31), False, date(2027, 3, 1)),
        ("gdpr", "access", date(2028, 1, 31), False, date(2028, 2, 29)),
        ("gdpr", "access", date(2028, 2, 29), False, date(2028, 3, 29)),
        ("gdpr", "access", date(2026, 1, 31), True, date(2026, 4, 30)),
        ("gdpr", "access", date(2026, 11, 30), True, date(2027, 3, 1)),
        ("gdpr", "access", date(2026, 8, 31), False, date(2026, 9, 30)),
        # The holidays of October move it to the eighth; a Saturday that is worked does not count.
        ("gdpr", "access", date(2026, 9, 1), False, date(2026, 10, 8)),
        ("gdpr", "access", date(2026, 9, 10), False, date(2026, 10, 12)),
        ("hipaa", "access", date(2026, 1, 31), False, date(2026, 3, 2)),
        ("hipaa", "access", date(2026, 1, 31), True, date(2026, 4, 1)),
        ("hipaa", "rectification", date(2026, 1, 31), True, date(2026, 5, 1)),
        ("hipaa", "accounting", date(2026, 11, 24), False, date(2027, 1, 23)),
        ("pipl", "access", date(2026, 9, 15), True, date(2026, 10, 15)),
    ],
)  # fmt: skip
def test_each_law_counts_in_its_own_way(law, kind, received, is_extended, due):
    found = clocks.clock(law, kind, received, DAYS, is_extended=is_extended)
    assert found.due_on == due


def test_fifteen_working_days_of_china_leave_out_holidays_and_take_in_days_worked_instead():
    found = clocks.clock("pipl", "access", date(2026, 9, 15), DAYS)
    # 16-18, Sunday 20 (worked), 21-24, 28-30 September, 8-9 October, Saturday 10 (worked), 12 October.
    assert found.target_on == date(2026, 10, 12)
    assert found.due_on == date(2026, 10, 15)


def test_the_earliest_law_wins_and_each_is_shown():
    found = clocks.clocks(walking.LAWS, "access", date(2026, 11, 24), DAYS)
    assert [one.law for one in found] == ["gdpr", "hipaa", "pipl"]
    assert clocks.earliest(found) == (date(2026, 12, 15), date(2026, 12, 24))
    assert clocks.earliest([]) == (None, None)
    assert clocks.first_period(found) == date(2026, 12, 24)


def test_a_right_that_a_law_does_not_give_has_no_clock_under_it():
    assert clocks.clock("hipaa", "erasure", date(2026, 1, 1), DAYS) is None
    assert clocks.first_period(clocks.clocks(["pipl"], "erasure", date(2026, 1, 1), DAYS)) is None


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        # Midnight did not exist that day, came an hour late, and once a whole day was left out.
        ("America/Sao_Paulo", date(2018, 11, 3), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("America/Havana", date(2026, 10, 31), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("Asia/Shanghai", date(2026, 12, 31), datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_day_is_over_at_one_instant_whatever_the_clock_does(zone, day, instant):
    where = ZoneInfo(zone)
    assert clocks.over_at(day, where) == instant
    assert clocks.local_day(instant, where) == day + timedelta(days=1)
    assert clocks.local_day(instant - timedelta(seconds=1), where) == day


def test_working_days_left_are_counted_from_tomorrow_and_negative_when_late():
    assert clocks.working_days_left(date(2026, 11, 24), date(2026, 11, 30), DAYS) == 4
    assert clocks.working_days_left(date(2026, 11, 27), date(2026, 11, 29), DAYS) == 0
    assert clocks.working_days_left(date(2026, 11, 30), date(2026, 11, 27), DAYS) == -1
