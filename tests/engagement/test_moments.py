"""When reminders leave: at the same time of the clock, around quiet hours, in every zone and over every change."""

import random
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from engagement.queries import moments
from engagement.queries.moments import Quiet

ZONES = (
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
    "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham",
)  # fmt: skip
NONE = Quiet(time(0), time(0))


def walls(zone, day, clock):
    """Return the instants at which a clock on the wall shows a time, by trying each minute: no arithmetic."""
    middle = datetime.combine(day, clock, UTC)
    found = []
    for minutes in range(-15 * 60, 15 * 60 + 1, 15):
        at = middle + timedelta(minutes=minutes)
        if at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock):
            found.append(at)
    return found


def expected(starts_at, hours, zone, begins, ends):
    """Calculate independently: look at the clock on the wall, minute by minute where it must be."""
    local = starts_at.astimezone(zone)
    days, rest = hours // 24, hours % 24
    seen = walls(zone, local.date() - timedelta(days), local.time().replace(tzinfo=None))
    if not seen:
        # The clock leapt over it: as far behind the leap as the time was behind its begin.
        for back in range(15, 25 * 60, 15):
            wall = datetime.combine(local.date() - timedelta(days), local.time()) - timedelta(
                minutes=back
            )
            seen = [one + timedelta(minutes=back) for one in walls(zone, wall.date(), wall.time())]
            if seen:
                break
    at = (seen[-1] if local.fold and len(seen) > 1 else seen[0]) - timedelta(hours=rest)
    if begins == ends or not quiet(at, zone, begins, ends):
        return at
    end = at
    while quiet(end, zone, begins, ends):
        end += timedelta(minutes=15)
    if end <= starts_at - timedelta(hours=1):
        return end
    begin = at
    while quiet(begin, zone, begins, ends):
        begin -= timedelta(minutes=15)
    return begin + timedelta(minutes=14)


def quiet(at, zone, begins, ends):
    clock = at.astimezone(zone).time().replace(tzinfo=None)
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


@pytest.mark.prove(step=5, full=10_000)
def test_reminders_leave_at_the_right_local_time_whatever_the_clocks_do(rounds):
    dice = random.Random(20261125)
    count, changes = max(rounds, 400), 0
    for _turn in range(count):
        zone = ZoneInfo(dice.choice(ZONES))
        day = date(2024, 1, 1) + timedelta(dice.randrange(4 * 365))
        if dice.random() < 0.5 and changing(zone):
            # Half of them about the days on which the clocks of the zone change.
            day = dice.choice(changing(zone)) + timedelta(dice.randrange(-1, 3))
        clock = time(dice.randrange(24), dice.choice((0, 15, 30, 45)))
        starts_at = datetime.combine(day, clock, zone).astimezone(UTC)
        hours = dice.choice((1, 2, 3, 12, 24, 26, 48, 72, 168))
        begins, ends = dice.choice(((time(21), time(8)), (time(13), time(15)), (time(0), time(0))))
        due = moments.due(starts_at, hours, zone, Quiet(begins, ends))
        assert due == expected(starts_at, hours, zone, begins, ends), (
            zone,
            starts_at,
            hours,
            begins,
        )
        assert due < starts_at
        changes += starts_at.astimezone(zone).utcoffset() != due.astimezone(zone).utcoffset()
    assert changes > count // 20


@cache
def changing(zone):
    """Return the days of four years on which a zone's clocks change."""
    days = [date(2024, 1, 1) + timedelta(number) for number in range(4 * 365)]
    at = [datetime.combine(day, time(), zone).utcoffset() for day in days]
    return [day for day, one, other in zip(days, at, at[1:], strict=False) if one != other]


@pytest.mark.parametrize(
    ("starts", "hours", "due"),
    [
        # Clocks go forward on 29 March: 48 hours before by the clock are 47 that pass.
        ("2026-03-30T10:00:00+02:00", 48, "2026-03-28T10:00:00+01:00"),
        ("2026-10-26T10:00:00+01:00", 48, "2026-10-24T10:00:00+02:00"),
        # What the clock leaps over falls just behind the leap.
        ("2026-03-30T02:30:00+02:00", 24, "2026-03-29T03:30:00+02:00"),
        # Hours are hours.
        ("2026-03-29T04:00:00+02:00", 3, "2026-03-29T00:00:00+01:00"),
    ],
)
def test_days_go_by_the_calendar_and_hours_as_they_pass(starts, hours, due):
    zone = ZoneInfo("Europe/Berlin")
    found = moments.due(datetime.fromisoformat(starts), hours, zone, NONE)
    assert found == datetime.fromisoformat(due)


def test_quiet_hours_move_a_reminder_behind_them_if_that_is_early_enough_else_before():
    zone, night = ZoneInfo("Asia/Shanghai"), Quiet(time(21), time(8))
    at = datetime(2026, 5, 4, 7, 30, tzinfo=zone)
    assert moments.due(at, 24, zone, night) == datetime(2026, 5, 3, 8, 0, tzinfo=zone)
    assert moments.due(at, 2, zone, night) == datetime(2026, 5, 3, 20, 59, tzinfo=zone)
