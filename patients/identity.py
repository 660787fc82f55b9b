"""The resident identity number of China (GB 11643): its check mark, and what it says of its bearer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

RESIDENT_ID = "urn:oid:2.16.156.10011.1.3"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MARKS = "10X98765432"
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")


@dataclass(frozen=True, slots=True)
class Resident:
    """What a well-formed number says of its bearer."""

    birth_on: date | None
    sex: str
    is_checked: bool


def check_mark(digits: str) -> str:
    """Return the eighteenth mark that belongs to the first seventeen digits."""
    total = sum(int(one) * weight for one, weight in zip(digits, _WEIGHTS, strict=True))
    return _MARKS[total % 11]


def read(number: str) -> Resident | None:
    """Return what a number says, or None where it has not the shape of one."""
    if not _SHAPE.fullmatch(number):
        return None
    try:
        birth_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        birth_on = None
    sex = "male" if int(number[16]) % 2 else "female"
    return Resident(birth_on, sex, check_mark(number[:17]) == number[17])
