"""Bytes to a JSON tree, strictly: what a record can not hold is refused before anything is stored.

Numbers keep the precision they were written with: an int, a float where its text is the shortest
one, else a Decimal.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from django.utils.translation import gettext as _

DEPTH_LIMIT = 64
NUMBER_LIMIT = 64
STRING_LIMIT = 8 * 1024 * 1024
EXPONENT_LIMIT = 300
# FHIR strings hold no control character but tab and line ends; PostgreSQL text holds no NUL.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
ELEMENT_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_-]{0,99}")


class Unreadable(Exception):
    """A file that is no bundle to read here; the text is one sentence and holds no value."""


def parse(data: bytes) -> Any:
    """Return the JSON tree of one document; raise Unreadable with the reason."""
    text = _decode(data)
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_fraction,
            parse_int=_whole,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(_json_reason(text, error)) from None
    except RecursionError:
        raise Unreadable(_("It is nested too deeply.")) from None
    _check(tree)
    return tree


def _decode(data: bytes) -> str:
    if not data.strip():
        raise Unreadable(_("The file is empty."))
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        if error.reason in ("unexpected end of data", "truncated data"):
            raise Unreadable(_("It is cut off: the text ends in the middle.")) from None
        raise Unreadable(_("It is not text in UTF-8 or UTF-16.")) from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise Unreadable(_("The file is empty."))
    return text


def _json_reason(text: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data":
        if text[error.pos : error.pos + 1] == "{":
            return _("It holds one JSON value per line (NDJSON); only FHIR bundles are read.")
        return _("It is not JSON: something follows its end.")
    if text.lstrip()[:1] not in ("{", "["):
        if text.lstrip()[:1] == "<":
            return _("It is XML or HTML; only FHIR bundles in JSON are read.")
        return _("It is not JSON.")
    if error.pos >= len(text.rstrip()) or text.rstrip()[-1:] not in ("}", "]"):
        return _("It is cut off: the text ends in the middle.")
    return _("It is not JSON: broken in line %(line)d, column %(column)d.") % {
        "line": error.lineno,
        "column": error.colno,
    }


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable(
            _("One JSON object holds the same name twice, so its meaning is not certain.")
        )
    return found


def number(text: str) -> int | float | Decimal:
    """Return the number that a JSON text means, with the digits it is written with."""
    return _whole(text) if text.lstrip("-").isdigit() else _fraction(text)


def _fraction(text: str) -> float | Decimal:
    if len(text) > NUMBER_LIMIT:
        raise Unreadable(_("It holds a number that is too long."))
    number = float(text)
    if repr(number) == text:
        return number
    return _decimal(text)


def _decimal(text: str) -> Decimal:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise Unreadable(_("It holds a number out of range.")) from None
    if not math.isfinite(float(exact)) or abs(exact.adjusted()) > EXPONENT_LIMIT:
        raise Unreadable(_("It holds a number out of range."))
    return exact


def _whole(text: str) -> int | Decimal:
    if len(text) > NUMBER_LIMIT:
        raise Unreadable(_("It holds a number that is too long."))
    if len(text) > 18 or text == "-0":
        return _decimal(text)
    return int(text)


def _constant(text: str) -> NoReturn:
    raise Unreadable(_("It holds NaN or Infinity, which are not JSON numbers."))


def _check(tree: Any) -> None:
    """Walk the tree once, without recursion, for depth, names and characters."""
    waiting: list[tuple[Any, int, tuple[Any, ...]]] = [(tree, 1, ())]
    while waiting:
        value, depth, path = waiting.pop()
        if isinstance(value, str):
            _check_text(value, path)
        elif isinstance(value, dict | list):
            if depth > DEPTH_LIMIT:
                raise Unreadable(_("It is nested too deeply."))
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            for key, part in parts:
                if isinstance(key, str) and not ELEMENT_NAME.fullmatch(key):
                    raise Unreadable(
                        _("An object in %(path)s holds a name that FHIR has not.") % _at(path)
                    )
                if isinstance(part, str | dict | list):
                    waiting.append((part, depth + 1, (path, key)))


def _check_text(value: str, path: tuple[Any, ...]) -> None:
    if len(value) > STRING_LIMIT:
        raise Unreadable(_("The text in %(path)s is too long.") % _at(path))
    if FORBIDDEN.search(value):
        raise Unreadable(
            _("The text in %(path)s holds a control character or half of a character.") % _at(path)
        )


def _at(path: tuple[Any, ...]) -> dict[str, str]:
    names: list[str] = []
    while path:
        path, key = path
        names.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    return {"path": "".join(reversed(names)).lstrip(".") or "Bundle"}
