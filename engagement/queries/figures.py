"""Figures as pages and exports show them: small numbers of people are left out, and what gives them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext

from audit import working_days
from consent import clocks
from engagement import figures
from engagement.figures import Figure, Line, Mean, Period, Share, Table, Value
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User

# Fewer people than this are not shown (one might know who they are).
LEAST = 5
SMALL = f"<{LEAST}"
# Left out because it would give another number of its line away.
KEPT_BACK = "–"
# A table with more cells than this is folded: its chart says the same.
MOST_CELLS = 24
PERIODS = (7, 30, 90, 365)
USUAL = 90
# What stands beside the numbers: whoever may see any figure at all.
READ = (Permission.APPOINTMENTS_AGGREGATE, Permission.APPOINTMENTS_READ)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is shown, and as it is drawn; a small one is drawn as a gap."""

    text: str
    number: float | None


def period(days: int) -> Period:
    """Return the last so many days, today included, at the clinic."""
    zone = working_days.zone()
    today = clocks.local_day(timezone.now(), zone)
    return Period(today - timedelta(days=max(days, 1) - 1), today, zone)


def seen_by(user: User) -> list[Figure]:
    """Return the figures that somebody may see: their data of everybody, or their numbers alone."""
    return [one for one in figures.figures().values() if _may(user, one.permissions)]


def _may(user: User, permissions: Sequence[Permission]) -> bool:
    return any(reach_of_user(user, one) is Reach.ALL for one in permissions)


def page(user: User, wanted: Period) -> list[dict[str, Any]]:
    """Return every figure that somebody may see, with what its chart draws."""
    return [_shown(user, one, wanted) for one in seen_by(user)]


def _shown(user: User, figure: Figure, wanted: Period) -> dict[str, Any]:
    is_exact = figure.exact_for is not None and _may(user, (figure.exact_for,))
    table = figure.read(wanted)
    lines = [(line.name, cells(line, table, is_exact=is_exact)) for line in table.lines]
    if all(_is_nothing(value) for line in table.lines for value in line.values):
        lines = []
    heads = list(table.heads)
    drawn = range(len(heads) - 1) if table.drawn is None else table.drawn
    series = [
        {"label": heads[number + 1], "values": [row[number].number for _name, row in lines]}
        for number in drawn
    ]
    drawing = _drawing([name for name, _row in lines], series, figure)
    return {
        "figure": figure,
        "heads": heads,
        "lines": [
            {
                "name": name,
                "cells": [
                    {"head": head, "text": cell.text}
                    for head, cell in zip(heads[1:], row, strict=True)
                ],
            }
            for name, row in lines
        ],
        "is_small": any(cell.text in {SMALL, KEPT_BACK} for _name, row in lines for cell in row),
        "drawing": drawing,
        "folds": drawing is not None and len(lines) * (len(heads) - 1) > MOST_CELLS,
    }


def _drawing(
    names: list[str], series: list[dict[str, Any]], figure: Figure
) -> dict[str, Any] | None:
    if not any(value for one in series for value in one["values"]):
        return None
    return {
        "labels": names,
        "series": series,
        "lies": figure.lies,
        "is_stacked": figure.is_stacked,
    }


def cells(line: Line, table: Table, *, is_exact: bool = False) -> list[Cell]:
    """Return the values of a line as they may be shown."""
    if is_exact:
        return [_plain(value) for value in line.values]
    shown = [Cell(SMALL, None) if is_small(value) else _plain(value) for value in line.values]
    hidden = [number for number, cell in enumerate(shown) if cell.text == SMALL]
    if table.is_whole and len(hidden) == 1:
        # The others and the whole would tell it: the next smallest one is left out as well.
        others = [
            (value, number)
            for number, value in enumerate(line.values)
            if isinstance(value, int) and value and number not in hidden
        ]
        if others:
            shown[min(others)[1]] = Cell(KEPT_BACK, None)
    return shown


def is_small(value: Value) -> bool:
    """Tell whether a number speaks of so few people that one might know them; nobody is no small number."""
    if isinstance(value, Share):
        parts = (value.part, value.whole - value.part)
        return 0 < value.whole < LEAST or any(0 < one < LEAST for one in parts)
    if isinstance(value, Mean):
        return 0 < value.count < LEAST
    return value is not None and 0 < value < LEAST


def _is_nothing(value: Value) -> bool:
    return not value or value in (Share(0, 0), Mean(0, 0))


def _plain(value: Value) -> Cell:
    if isinstance(value, Share):
        if not value.whole:
            return Cell("", None)
        percent = round(100 * value.part / value.whole, 1)
        return Cell(f"{formats.number_format(percent, 1)} %", percent)
    if isinstance(value, Mean):
        if not value.count:
            return Cell("", None)
        return Cell(formats.number_format(value.value, 1), round(value.value, 1))
    if value is None:
        return Cell("", None)
    return Cell(formats.number_format(value, use_l10n=True, force_grouping=True), float(value))


def sheet(user: User, days: int) -> list[list[str]]:
    """Return every figure that somebody may see as the lines of one file; small numbers never leave."""
    wanted = period(days)
    rows = []
    for figure in seen_by(user):
        table = figure.read(wanted)
        for line in table.lines:
            for head, cell in zip(table.heads[1:], cells(line, table), strict=True):
                rows.append([str(figure.label), line.name, str(head), cell.text])
    return rows


def period_choices() -> list[tuple[str, str]]:
    """Return the periods to choose from."""
    words = {
        7: gettext("7 days"), 30: gettext("30 days"), 90: gettext("90 days"), 365: gettext("12 months"),
    }  # fmt: skip
    return [(str(days), words[days]) for days in PERIODS]
