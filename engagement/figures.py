"""The figures of the dashboards: each part adds its own at start-up; who sees one follows from the role.

A figure is a table with a chart that says the same. It holds numbers of people and nothing of anybody; what
counts fewer than five people is not shown (`engagement.queries.figures`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from security.access.permissions import Permission

# From so many days on a period is shown by months, else by weeks.
MONTHS_FROM = 60


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, shown as a percentage."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of so many answers, on a scale that the heading names."""

    value: float
    count: int


Value = int | Share | Mean | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its name and a value for each heading."""

    name: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Table:
    """What a figure says: headings (the first one names the lines), lines, and which columns are drawn."""

    heads: Sequence[str]
    lines: Sequence[Line]
    # Numbers of the columns in the chart, from 0; every one by default.
    drawn: Sequence[int] | None = None
    # The columns of each line are the parts of one whole that somebody may know.
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are looked at, the last one included, in the clinic's time zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        """Return the beginning of the first day."""
        return self.instant(self.first)

    @property
    def ends_at(self) -> datetime:
        """Return the beginning of the day after the last one."""
        return self.instant(self.last + timedelta(days=1))

    def instant(self, day: date) -> datetime:
        """Return the beginning of a day."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def day_of(self, at: datetime) -> date:
        """Return the day of an instant at the clinic."""
        return at.astimezone(self.zone).date()

    @property
    def is_by_month(self) -> bool:
        """Tell whether the period is shown by months."""
        return (self.last - self.first).days >= MONTHS_FROM

    def bucket(self, day: date) -> date:
        """Return the first day of the week or month of a day."""
        if self.is_by_month:
            return day.replace(day=1)
        return day - timedelta(days=day.weekday())

    def buckets(self) -> list[date]:
        """Return the first days of the weeks or months of the period."""
        found = dict.fromkeys(
            self.bucket(self.first + timedelta(days=number))
            for number in range((self.last - self.first).days + 1)
        )
        return list(found)


Read = Callable[[Period], Table]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its key, its name, what it says, who sees it, how it is read."""

    key: str
    label: Promise
    sentence: Promise
    # One of these with reach to everybody lets somebody see it.
    permissions: tuple[Permission, ...]
    read: Read
    # Bars that lie, for long names of lines; bars that stand on each other.
    lies: bool = False
    is_stacked: bool = False
    # Whoever reads each single row anyway, for everybody, sees small numbers too; never in an export.
    exact_for: Permission | None = None
    # What was reached at the end of the period or now, whatever the period: said beside it.
    is_now: bool = False


_figures: dict[str, Figure] = {}


def add(figure: Figure) -> None:
    """Add a figure; raise ValueError where another one has its key."""
    if _figures.setdefault(figure.key, figure) != figure:
        raise ValueError(f"there is a figure {figure.key}")


def figures() -> Mapping[str, Figure]:
    """Return every figure by its key, in the order they were added."""
    return dict(_figures)
