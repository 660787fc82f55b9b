"""Dates of every precision are read; days and times that do not exist are not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from patients.fhir import moments


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2010", datetime(2010, 1, 1, tzinfo=UTC), "year"),
        ("2010-05", datetime(2010, 5, 1, tzinfo=UTC), "month"),
        ("2012-02-29", datetime(2012, 2, 29, tzinfo=UTC), "day"),
        ("2020-01-01T08:00:00Z", datetime(2020, 1, 1, 8, tzinfo=UTC), "instant"),
        ("2020-01-01T08:00:00+08:00", datetime(2020, 1, 1, 0, tzinfo=UTC), "instant"),
        ("2020-01-01T08:00:00.5-05:30", datetime(2020, 1, 1, 13, 30, 0, 500000, UTC), "instant"),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), "instant"),
        ("2020-01-01T08:00:00.123456789Z", datetime(2020, 1, 1, 8, 0, 0, 123456, UTC), "instant"),
    ],
)
def test_every_precision_is_read(text: str, at: datetime, precision: str) -> None:
    assert moments.read(text) == (at, precision)


@pytest.mark.parametrize(
    "text",
    [
        "2020-13-45", "2021-02-29", "0000", "20", "2020-1-1", "01/02/2020", "2020-01-01T25:00:00Z",
        "2020-01-01T08:00:00", "2020-01-01T08:00:00+15:00", "0001-01-01T00:00:00+14:00", "", "now",
        "2020-01-01T08:00:61Z", "２０２０", "2020-01-01\n",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refusal:
        moments.read(text)

    assert not text or text not in str(refusal.value)


@pytest.mark.parametrize("text", ["1949", "1949-12", "1949-12-31"])
def test_a_day_is_written_no_more_exact_than_it_is_known(text: str) -> None:
    day, precision = moments.read_day(text)

    assert isinstance(day, date)
    assert moments.write_day(day, precision) == text


def test_a_birth_date_has_no_time_of_day() -> None:
    with pytest.raises(ValueError, match="time of day"):
        moments.read_day("1949-12-31T10:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "2014-02-17T05:29:14+00:00",
        "2014-02-17T05:29:14.794+00:00",
        "2014-02-17T05:29:14.000001+00:00",
    ],
)
def test_instants_are_written_as_they_were_read(text: str) -> None:
    assert moments.write(moments.read(text).at) == text
