"""Days off and days worked instead in China, as the State Council announced them; a clinic may edit its own.

A year is announced in the November before it: a year that is missing here is read in as a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """One day that differs from the week: off, or worked though it is on a weekend."""

    day: date
    is_worked: bool
    name: str
    name_zh: str


# Festival -> its Chinese name.
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-Sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-Autumn Festival": "中秋节",
    "National Day": "国庆节",
    "National Day and Mid-Autumn Festival": "国庆节、中秋节",
}
# Year -> festival, its first and last day off, and the weekend days that are worked for it (month, day).
_Day = tuple[int, int]
ANNOUNCED: dict[int, tuple[tuple[str, _Day, _Day, tuple[_Day, ...]], ...]] = {
    2025: (
        ("New Year's Day", (1, 1), (1, 1), ()),
        ("Spring Festival", (1, 28), (2, 4), ((1, 26), (2, 8))),
        ("Tomb-Sweeping Day", (4, 4), (4, 6), ()),
        ("Labour Day", (5, 1), (5, 5), ((4, 27),)),
        ("Dragon Boat Festival", (5, 31), (6, 2), ()),
        ("National Day and Mid-Autumn Festival", (10, 1), (10, 8), ((9, 28), (10, 11))),
    ),
    2026: (
        ("New Year's Day", (1, 1), (1, 3), ((1, 4),)),
        ("Spring Festival", (2, 15), (2, 23), ((2, 14), (2, 28))),
        ("Tomb-Sweeping Day", (4, 4), (4, 6), ()),
        ("Labour Day", (5, 1), (5, 5), ((5, 9),)),
        ("Dragon Boat Festival", (6, 19), (6, 21), ()),
        ("Mid-Autumn Festival", (9, 25), (9, 27), ()),
        ("National Day", (10, 1), (10, 7), ((9, 20), (10, 10))),
    ),
}


def of_year(year: int) -> Iterator[Entry]:
    """Yield the days of one year that differ from the week; none where it was not announced."""
    for name, first, last, worked in ANNOUNCED.get(year, ()):
        begins, ends = date(year, *first), date(year, *last)
        for number in range((ends - begins).days + 1):
            yield Entry(begins + timedelta(days=number), False, name, NAMES[name])
        for one in worked:
            yield Entry(date(year, *one), True, name, NAMES[name])
