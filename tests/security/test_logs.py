"""Log lines: one per event, whatever is put into it, and never a query string or the text of an error."""

import logging

import pytest
from django.conf import settings

from crm.celery import app as queue
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


HOSTILE = "canary\nforged\r\x1b[31m\u2028\u0085line"


@pytest.fixture
def task():
    @queue.task(name="tests.fails", shared=False)
    def fails(how):
        if how == "fail":
            raise ValueError(HOSTILE)
        return HOSTILE

    yield fails
    queue.tasks.pop("tests.fails")


@pytest.mark.parametrize(("how", "said"), [("fail", "ValueError at"), ("end well", "succeeded in")])
def test_the_worker_says_a_task_on_one_line_without_its_arguments_result_or_error(
    task, caplog, how, said
):
    caplog.set_level(logging.INFO)
    task.apply(args=[how], kwargs={}, throw=False)
    lines = [
        LineFormatter().format(record) for record in caplog.records if record.name[:6] == "celery"
    ]
    (made,) = [one for one in lines if "tests.fails[" in one]
    assert said in made
    assert "canary" not in made
    assert "forged" not in made
    assert made.isprintable()


def test_what_a_task_is_given_is_not_said_when_it_arrives_or_is_tried_again():
    given = {"name": "a.task", "id": "7", "args": "(canary)", "kwargs": "canary", "exc": "canary"}
    for logger in ("celery.worker.strategy", "celery.app.trace", "celery.worker.request"):
        text = "Task %(name)s[%(id)s] %(args)s %(kwargs)s %(exc)s"
        record = logging.LogRecord(logger, logging.INFO, "f.py", 1, text, (given,), None)
        made = LineFormatter().format(record)
        assert "a.task[7]" in made
        assert "canary" not in made


def test_worker_and_beat_write_by_the_formatter_of_everybody():
    assert queue.conf.worker_hijack_root_logger is False
    (handler,) = settings.LOGGING["root"]["handlers"]
    assert settings.LOGGING["handlers"][handler]["formatter"] == "line"
    assert settings.LOGGING["formatters"]["line"] == {"()": "security.logs.LineFormatter"}
    assert queue.conf.beat_schedule
    assert not [one for one in queue.conf.beat_schedule.values() if one.get("args")]
