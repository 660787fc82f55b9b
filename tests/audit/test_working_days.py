"""One working day: the same time on the next day that people work, by the clinic's clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from audit import working_days

BERLIN, SHANGHAI, NEW_YORK = map(ZoneInfo, ("Europe/Berlin", "Asia/Shanghai", "America/New_York"))


@pytest.mark.parametrize(
    ("since", "until", "where"),
    [
        # A Tuesday, a Friday, a Saturday, a Sunday just before midnight.
        ((2026, 11, 24, 15, 30), (2026, 11, 25, 15, 30), BERLIN),
        ((2026, 11, 27, 15, 30), (2026, 11, 30, 15, 30), BERLIN),
        ((2026, 11, 28, 10, 0), (2026, 12, 1, 0, 0), BERLIN),
        ((2026, 11, 29, 23, 59), (2026, 12, 1, 0, 0), SHANGHAI),
        # Over the beginning and the end of summer time the clock shows the same.
        ((2026, 3, 27, 9, 0), (2026, 3, 30, 9, 0), BERLIN),
        ((2026, 10, 23, 9, 0), (2026, 10, 26, 9, 0), BERLIN),
        ((2026, 10, 30, 16, 0), (2026, 11, 2, 16, 0), NEW_YORK),
    ],
)
def test_a_working_day_ends_at_the_same_time_of_the_clock(since, until, where):
    ends_at = working_days.due(datetime(*since, tzinfo=where), where)
    assert ends_at.astimezone(where) == datetime(*until, tzinfo=where)
    assert ends_at.tzinfo is UTC


def test_a_change_of_the_clock_takes_an_hour_and_no_deadline():
    start = datetime(2026, 3, 27, 9, tzinfo=BERLIN)
    assert (working_days.due(start, BERLIN) - start.astimezone(UTC)).total_seconds() == 71 * 3600


@override_settings(
    HOLIDAYS={date(2026, 10, 1), date(2026, 10, 2)}, WORKING_DAYS_MADE_UP={date(2026, 10, 10)}
)
def test_holidays_are_left_out_and_weekend_days_that_are_worked_count():
    def due(*when):
        return working_days.due(datetime(*when, tzinfo=SHANGHAI), SHANGHAI).astimezone(SHANGHAI)

    assert due(2026, 9, 30, 11).date() == date(2026, 10, 5)
    assert due(2026, 10, 9, 11).date() == date(2026, 10, 10)


@override_settings(WEEKEND={5, 6})
def test_the_weekend_is_the_clinics():
    start = datetime(2026, 11, 26, 8, tzinfo=UTC)
    assert working_days.due(start, ZoneInfo("UTC")) == datetime(2026, 11, 29, 8, tzinfo=UTC)


@override_settings(WEEKEND={1, 2, 3, 4, 5, 6, 7})
def test_a_calendar_without_a_day_to_work_is_refused():
    with pytest.raises(working_days.NoWorkingDay):
        working_days.due(datetime(2026, 11, 26, 8, tzinfo=UTC), ZoneInfo("UTC"))
