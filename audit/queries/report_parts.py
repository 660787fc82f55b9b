"""What an audit report consists of when it is read: parts with notes, a table, and a chart of the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext


@dataclass(frozen=True, slots=True)
class Series:
    """One row of bars."""

    label: str
    values: list[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: one group of bars for each label; the table of its part holds the same numbers."""

    labels: list[str]
    series: list[Series]
    label: str
    # Lying bars where labels are words, standing ones where they are days.
    lies: bool = True
    is_stacked: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a heading, what its numbers mean, the table, and the chart."""

    key: str
    title: str
    notes: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    chart: Chart | None = None
    # What stands there in place of an empty table.
    none: str = ""


# Stays with its number at the end of a line.
PERCENT = "\N{NO-BREAK SPACE}%"


def number(count: int) -> str:
    """Return a number as people of the language in force write it."""
    return str(number_format(count, use_l10n=True, force_grouping=True))


def share(part: int, whole: int) -> str:
    """Return a share in per cent; a dash where there is nothing to take it of."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return gettext("under 0.1 %")
    return f"{number_format(round(percent, 1), decimal_pos=1)}{PERCENT}"


def change(now: int, before: int) -> str:
    """Return how a number moved against the period before."""
    if now == before:
        return "0"
    sign = "+" if now > before else "\N{MINUS SIGN}"
    moved = f"{sign}{number(abs(now - before))}"
    if not before:
        return moved
    percent = number(round(100 * abs(now - before) / before))
    return f"{moved} ({sign}{percent}{PERCENT})"


def compared_heads(first: str) -> list[str]:
    """Return the headings of a table that compares two periods."""
    return [
        first,
        pgettext("column of a report", "This period"),
        pgettext("column of a report", "Period before"),
        pgettext("column of a report", "Change"),
    ]


def compared(label: str, now: int, before: int) -> list[str]:
    """Return one line of such a table."""
    return [label, number(now), number(before), change(now, before)]


def two_periods(
    title: str, lines: Iterable[tuple[str, int, int]], *, most: int = 12
) -> Chart | None:
    """Return the chart of such a table, None where there is nothing to draw."""
    drawn = [line for line in lines if line[1] or line[2]][:most]
    if not drawn:
        return None
    series = [
        Series(pgettext("column of a report", "This period"), [now for _, now, _ in drawn]),
        Series(pgettext("column of a report", "Period before"), [old for _, _, old in drawn]),
    ]
    return Chart([label for label, _, _ in drawn], series, title)


def most_first(keys: Iterable[str], counts: Sequence[dict[str, int]]) -> list[str]:
    """Return keys by their numbers, the largest first, then by name."""
    return sorted(set(keys), key=lambda key: (*(-one.get(key, 0) for one in counts), key))
