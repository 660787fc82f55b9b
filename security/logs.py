"""Log lines: one per event, whatever the text holds, and never a body or a query string."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

from security import context

# Anything that a terminal or a log reader takes for the end of a line or for a command (CWE-117).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_QUERY = re.compile(r"\?[^\s\"'<>]*")
MESSAGE_LIMIT = 2000
# What the task queue may say of a task: not its arguments, its result or the text of its error.
_TASK_LOGGERS = ("celery.app.trace", "celery.worker.strategy", "celery.worker.request")
_TASK_WORDS = frozenset({"name", "id", "description", "runtime"})


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """Return a text on one line, without query strings, cut at a length."""
    without_queries = _QUERY.sub("?…", text[: MESSAGE_LIMIT * 2])
    return _UNPRINTABLE.sub(_escaped, without_queries)[:MESSAGE_LIMIT]


class LineFormatter(logging.Formatter):
    """Time, level, logger, request id, message; of an error its kind and places, never its text.

    The text of an error may hold a value: a database names the one that offended it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line for one record."""
        here = context.find()
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        parts = [
            at.replace("+00:00", "Z"),
            record.levelname,
            record.name,
            str(here.request_id) if here is not None else "-",
            self._message(record),
        ]
        if record.exc_info and record.exc_info[0] is not None:
            parts.append(self._where(record))
        return one_line(" ".join(parts))

    def _message(self, record: logging.LogRecord) -> str:
        if record.name not in _TASK_LOGGERS or not isinstance(record.args, Mapping):
            return record.getMessage()
        said = {key: value if key in _TASK_WORDS else "…" for key, value in record.args.items()}
        return str(record.msg) % said

    def _where(self, record: logging.LogRecord) -> str:
        kind, _value, trace = record.exc_info or (None, None, None)
        frames = traceback.extract_tb(trace) if trace else []
        places = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames]
        return f"{getattr(kind, '__name__', 'error')} at {' < '.join(reversed(places))}"
