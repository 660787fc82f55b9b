"""Weeks and months of the clinic's calendar: changes of the clock, ends of months and years."""

from datetime import UTC, date, datetime, timedelta

import pytest

from audit import periods
from audit.models import ReportSchedule
from audit.periods import containing
from audit.queries import reports as queries

BERLIN, HAVANA, CAIRO, KIRITIMATI = (
    "Europe/Berlin", "America/Havana", "Africa/Cairo", "Pacific/Kiritimati",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "day", "first", "end"),
    [
        ("weekly", date(2026, 12, 31), date(2026, 12, 28), date(2027, 1, 4)),
        ("weekly", date(2026, 6, 7), date(2026, 6, 1), date(2026, 6, 8)),
        ("weekly", date(2026, 6, 8), date(2026, 6, 8), date(2026, 6, 15)),
        ("monthly", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        ("monthly", date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        ("monthly", date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
    ],
)
def test_a_day_lies_in_its_week_and_month(kind, day, first, end):
    found = containing(kind, day, BERLIN)
    assert (found.starts_on, found.ends_on, found.last_day) == (first, end, end - timedelta(days=1))


@pytest.mark.parametrize("zone", [BERLIN, HAVANA, CAIRO, KIRITIMATI, "UTC", "Asia/Shanghai"])
@pytest.mark.parametrize("kind", ["weekly", "monthly"])
def test_periods_follow_one_another_without_gap_or_overlap(kind, zone):
    period = containing(kind, date(2025, 1, 1), zone)
    for _number in range(110):
        following = period.after()
        assert following.starts_at == period.ends_at
        assert following.before() == period
        assert periods.at(kind, period.starts_at, zone) == period
        assert periods.at(kind, period.ends_at - timedelta(microseconds=1), zone) == period
        period = following


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 23), 167), (date(2026, 10, 19), 169)])
def test_a_week_in_which_the_clock_changes_has_an_hour_less_or_more(day, hours):
    week = containing("weekly", day, BERLIN)
    assert week.ends_at - week.starts_at == timedelta(hours=hours)


def test_a_midnight_that_the_clock_leaves_out_is_the_first_instant_after():
    # In Cairo the clock went from midnight to one on 24 April 2026.
    assert periods.instant(date(2026, 4, 24), CAIRO) == datetime(2026, 4, 23, 22, tzinfo=UTC)


def test_a_running_period_is_held_against_as_much_of_the_one_before():
    now = datetime(2026, 6, 3, 10, tzinfo=UTC)
    cut = containing("weekly", date(2026, 6, 3), BERLIN).cut(now)
    assert (cut.last_day, len(cut.days)) == (date(2026, 6, 3), 3)
    assert cut.before().ends_at == now - timedelta(days=7)
    long = containing("monthly", date(2026, 3, 31), BERLIN).cut(
        datetime(2026, 3, 31, 21, tzinfo=UTC)
    )
    assert long.before().ends_at == long.starts_at


def test_a_report_cut_at_midnight_ends_with_the_day_before():
    cut = containing("weekly", date(2026, 6, 3), "UTC").cut(datetime(2026, 6, 3, tzinfo=UTC))
    assert cut.last_day == date(2026, 6, 2)
    nothing = cut.cut(cut.starts_at)
    assert nothing.days == [date(2026, 6, 1)]


@pytest.mark.parametrize(
    ("kind", "settings", "due"),
    [
        ("weekly", {"weekday": 0, "hour": 6}, "2026-06-08T04:00"),
        ("weekly", {"weekday": 6, "hour": 23}, "2026-06-14T21:00"),
        ("monthly", {"day": 1, "hour": 0}, "2026-06-30T22:10"),
        ("monthly", {"day": 28, "hour": 6}, "2026-07-28T04:00"),
    ],
)
def test_a_report_is_due_at_its_hour_and_never_before_the_trail_has_settled(kind, settings, due):
    period = containing(kind, date(2026, 6, 3), BERLIN)
    found = ReportSchedule(kind=kind, **settings).due_at(period)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_an_hour_that_the_clock_leaves_out_is_made_up_for():
    # At two the clock went to three.
    week = containing("weekly", date(2026, 3, 16), BERLIN)
    due = ReportSchedule(kind="weekly", weekday=6, hour=2).due_at(week)
    assert due == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_three_missed_weeks_are_three_periods_and_none_before_the_schedule():
    on_since = datetime(2026, 5, 20, 12, tzinfo=UTC)
    schedule = ReportSchedule(kind="weekly", on_since=on_since)
    now = datetime(2026, 6, 8, 4, tzinfo=UTC)
    starts = [period.starts_on for period in queries.due(schedule, BERLIN, now)]
    assert starts == [date(2026, 5, 18), date(2026, 5, 25), date(2026, 6, 1)]
    assert queries.due(schedule, BERLIN, now - timedelta(seconds=1))[-1].starts_on == date(
        2026, 5, 25
    )
    schedule.is_on = False
    assert queries.due(schedule, BERLIN, now) == []


def test_the_next_report_is_the_first_that_is_not_due():
    schedule = ReportSchedule(kind="weekly", weekday=2, hour=6)
    at = datetime(2026, 6, 3, 4, tzinfo=UTC)
    assert queries.next_of(schedule, BERLIN, at) == at + timedelta(days=7)
    assert queries.next_of(schedule, BERLIN, at - timedelta(seconds=1)) == at
