"""What a cell says: days, times, amounts, codes and texts, as people write them in both languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from patients.imports.faults import Wrong

LONGEST = 500
EARLIEST = 1850
# Marks that change the order of letters on a screen, and spaces that nobody sees. Joiners stay: some scripts
# are written with them.
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u061c]")
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?)?月?", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*[-/.]\s*(\d{4})", re.ASCII)
_RUN = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_YEAR = re.compile(r"(\d{4})年?", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_CURRENCY = re.compile("[A-Z]{3}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,}")
_NUMBER = re.compile(r"[\w\-./#: ()]{1,64}")

Read = Callable[[str, str], Any]


def tidy(cell: str) -> tuple[str, str]:
    """Return a cell without blanks at its ends and unseen marks, and what was wrong with it."""
    if "�" in cell:
        return "", "undecodable"
    text = INVISIBLE.sub("", cell)
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t\r" for letter in text):
        return "", "control"
    return text.strip().strip("\u3000"), "invisible" if text != cell else ""


def text(cell: str, day_order: str = "") -> str:
    """Return a text on one line."""
    if len(cell) > LONGEST:
        raise Wrong("too_long")
    return " ".join(cell.split())


def number(cell: str, day_order: str = "") -> str:
    """Return a number that is a name: a record, an identity card, a bill."""
    found = unicodedata.normalize("NFKC", text(cell))
    if not _NUMBER.fullmatch(found):
        raise Wrong("number" if len(found) <= 64 else "too_long")
    return found


def phone(cell: str, day_order: str = "") -> str:
    """Return a phone number as it is written."""
    found = unicodedata.normalize("NFKC", text(cell))
    figures = sum(letter.isdigit() for letter in found)
    if not 5 <= figures <= 20 or not re.fullmatch(r"\+?[\d\s()./x-]{5,40}", found):
        raise Wrong("phone")
    return found


def email(cell: str, day_order: str = "") -> str:
    """Return an e-mail address."""
    found = text(cell)
    if not _EMAIL.fullmatch(found):
        raise Wrong("email")
    return found


def day(cell: str, day_order: str) -> str:
    """Return a day as ISO 8601, or a year and month, or a year, as far as it is known."""
    found = unicodedata.normalize("NFKC", cell).strip()
    found = re.sub(r"[T ]00:00(:00(\.0+)?)?Z?$", "", found)
    if match := _YEAR.fullmatch(found):
        return _checked(int(match[1]), None, None)
    if match := _YEAR_FIRST.fullmatch(found) or _RUN.fullmatch(found):
        return _checked(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
    if match := _YEAR_LAST.fullmatch(found):
        one, other = int(match[1]), int(match[3])
        month, day_of_month = _ordered(one, other, match[2], day_order)
        return _checked(int(match[4]), month, day_of_month)
    raise Wrong("day")


def _ordered(one: int, other: int, mark: str, day_order: str) -> tuple[int, int]:
    """Return month and day; a dot is written in the day-first order alone."""
    if mark == "." or day_order == "dmy" or (not day_order and one > 12):
        return other, one
    if day_order == "mdy" or other > 12 or one == other:
        return one, other
    raise Wrong("day_order")


def _checked(year: int, month: int | None, day_of_month: int | None) -> str:
    try:
        found = date(year, month or 1, day_of_month or 1)
    except ValueError:
        raise Wrong("day") from None
    if year < EARLIEST:
        raise Wrong("day_early")
    return found.isoformat()[: 4 if month is None else 7 if day_of_month is None else 10]


def past_day(cell: str, day_order: str) -> str:
    """Return a day that is not in the future."""
    found = day(cell, day_order)
    if found > timezone.localdate().isoformat()[: len(found)]:
        raise Wrong("day_future")
    return found


def instant(cell: str, day_order: str) -> str:
    """Return an instant as RFC 3339; without a zone it is the clinic's time, without a clock the day."""
    found = unicodedata.normalize("NFKC", cell).strip().replace("T", " ").replace("日", "日 ")
    written, _blank, clock = found.partition(" ")
    if not clock.strip():
        whole = day(written, day_order)
        if len(whole) != 10:
            raise Wrong("day")
        return whole
    match = _CLOCK.fullmatch(clock.strip())
    if match is None:
        raise Wrong("time")
    whole = day(written, day_order)
    try:
        at = datetime.combine(
            date.fromisoformat(whole), time(int(match[1]), int(match[2]), int(match[3] or 0))
        )
    except ValueError:
        raise Wrong("time") from None
    zone = (match[4] or "").upper()
    if not zone:
        return at.replace(tzinfo=timezone.get_default_timezone()).isoformat()
    shift = "+00:00" if zone == "Z" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{at.isoformat()}{shift}"


def amount(cell: str, day_order: str = "") -> Decimal:
    """Return an amount of money; comma or point before two last figures is the decimal mark."""
    found = unicodedata.normalize("NFKC", cell).replace(" ", "").lstrip("¥￥$€£")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", found):
        found = found.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+", found):
        found = found.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d+,\d{1,2}", found):
        found = found.replace(",", ".")
    try:
        value = Decimal(found)
    except InvalidOperation:
        raise Wrong("amount") from None
    if not value.is_finite() or abs(value) >= Decimal("1e12") or value != round(value, 4):
        raise Wrong("amount")
    return value


def currency(cell: str, day_order: str = "") -> str:
    """Return the code of a currency."""
    found = cell.upper()
    if not _CURRENCY.fullmatch(found):
        raise Wrong("currency")
    return found


def choice(code: str, known: dict[str, str]) -> Read:
    """Return a reader that knows some words for some codes."""

    def read(cell: str, day_order: str = "") -> str:
        try:
            return known[unicodedata.normalize("NFKC", cell).casefold()]
        except KeyError:
            raise Wrong(code) from None

    return read


SEXES = {
    word: sex
    for sex, words in {
        "male": "male m man 男 男性 1",
        "female": "female f w woman 女 女性 2",
        "other": "other o diverse 其他 9",
        "unknown": "unknown u 未知 不详 0",
    }.items()
    for word in words.split()
}
sex = choice("sex", SEXES)
