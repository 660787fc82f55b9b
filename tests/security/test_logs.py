"""Log lines: one per event, whatever is put into it, and never a query string or the text of an error."""

import logging

import pytest

from security.logs import LineFormatter, one_line
from tests.security.people import acting


def line(message, *args, **more):
    record = logging.LogRecord("a.logger", logging.WARNING, "f.py", 1, message, args, None)
    for name, value in more.items():
        setattr(record, name, value)
    return LineFormatter().format(record)


@pytest.mark.parametrize(
    "text",
    [
        "a\nb", "a\r\nb", "a\x0bb", "a\x0cb", "a\x85b", "a\u2028b", "a\u2029b", "a\x1b[31mb",
        "a\x00b", "a\u202eb", "a\x9bb", "a\u200bb",
    ],
)  # fmt: skip
def test_one_event_is_one_printable_line(text):
    made = line("path %s", text)
    assert made.isprintable()
    assert made.splitlines() == [made]


@pytest.mark.parametrize(
    "text",
    [
        '"GET /search/?q=canary HTTP/1.1" 200 12',
        "Not Found: /patients/?name=canary&phone=1",
        "https://example.org/x?token=canary#top",
    ],
)
def test_query_strings_are_left_out(text):
    assert "canary" not in line(text)
    assert "/" in line(text)


def test_an_error_is_told_by_kind_and_place_and_not_by_its_text():
    try:
        raise ValueError("canary@example.org is no date")
    except ValueError as error:
        made = line("failed", exc_info=(ValueError, error, error.__traceback__))
    assert "ValueError at test_logs.py:" in made
    assert "canary" not in made


def test_a_line_carries_time_level_logger_and_the_request(db):
    with acting() as here:
        made = line("done")
    at, level, name, request_id, message = made.split(" ")
    assert at.endswith("Z")
    assert (level, name, request_id, message) == (
        "WARNING",
        "a.logger",
        str(here.request_id),
        "done",
    )
    assert " - done" in line("done")


def test_a_line_has_an_end():
    assert len(one_line("x" * 100_000)) <= 2000
