"""How a measurement ran over time: every result of the same kind, as a line and as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from patients.fhir import values
from patients.models import Observation
from patients.queries import entries, measures, pages, wording
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY
from security import context
from security.sealing import SealBroken

WRONG = {"entered-in-error", "cancelled"}
# Of these the newest are looked through; a line of more points shows nothing more.
LOOKED_AT, SHOWN = 3000, 500


@dataclass
class Trend:
    """The results of one measurement, the oldest first."""

    name: str
    unit: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    # Results that can not be opened, and those in another unit, which no line may join.
    broken: int = 0
    other_units: int = 0


def of(chart: Chart, row: Observation) -> Trend:
    """Return how the measurement of a result ran in this record."""
    trend = Trend(entries.named(row.code_text), _unit(row))
    trend.low, trend.high = bounds(row)
    found = BY_KEY["observations"].rows(chart.patient.pk, chart.sees_restricted)
    wanted = set(wording.codes(row.code))
    newest = pages.newest_first(found, "occurred_at", None)[:LOOKED_AT]
    same = [one for one in newest if _is_same(one, row, wanted, chart, trend)]
    for one in reversed(same[:SHOWN]):
        _add(trend, one)
    return trend


def _is_same(
    one: Observation, row: Observation, wanted: set[str], chart: Chart, trend: Trend
) -> bool:
    if entries.is_locked(one, chart.sees_restricted) or one.occurred_at is None:
        return False
    try:
        # Opening what is specially protected is told as a read, whether it is of this kind or not.
        entries.uncover(one, sees_restricted=chart.sees_restricted)
        with context.matching():
            if one.status in WRONG:
                return False
            named = set(wording.codes(one.code))
            if wanted and named:
                return bool(wanted & named)
            return bool(row.code_text) and one.code_text == row.code_text
    except SealBroken:
        # Nobody knows what it is; that it is left out is said.
        trend.broken += 1
        return False


def _add(trend: Trend, one: Observation) -> None:
    at = timezone.localtime(one.occurred_at)
    try:
        shown = measures.measured(one)
        numbers = _numbers(one)
        unit = _unit(one)
        status = wording.status(one.status)["text"] if one.status != "final" else ""
    except SealBroken:
        trend.broken += 1
        return
    day = date_format(at, "DATETIME_FORMAT")
    trend.rows.insert(0, {"at": day, "status": status, "id": one.pk, **shown})
    if numbers and unit == trend.unit:
        trend.points.append({"at": int(at.timestamp() * 1000), "values": numbers, "label": day})
    elif numbers:
        trend.other_units += 1


def _unit(row: Observation) -> str:
    return str(measures.measured(row)["unit"])


def _numbers(row: Observation) -> list[float]:
    if row.value_number is not None:
        return [float(row.value_number)]
    found = [_number(part.get("valueQuantity")) for part in wording.parts(row.components)]
    return [one for one in found if one is not None] if None not in found else []


def _number(quantity: Any) -> float | None:
    unpacked = values.unpack(quantity) if isinstance(quantity, dict) else {}
    number = unpacked.get("value")
    return float(number) if isinstance(number, int | float | Decimal) else None


def bounds(row: Observation) -> tuple[float | None, float | None]:
    """Return the ends of a result's own range."""
    first = next(iter(wording.parts(row.reference_ranges)), {})
    return _number(first.get("low")), _number(first.get("high"))


def drawing(trend: Trend, names: list[str], words: dict[str, str]) -> dict[str, Any]:
    """Return what the chart needs to draw itself."""
    count = max((len(point["values"]) for point in trend.points), default=1)
    lines = [
        {
            "label": names[place] if count > 1 and place < len(names) else trend.name,
            "points": [
                {"x": point["at"], "y": point["values"][place], "label": point["label"]}
                for point in trend.points
                if place < len(point["values"])
            ],
        }
        for place in range(count)
    ]
    return {
        "lines": lines,
        "unit": trend.unit,
        "low": trend.low,
        "high": trend.high,
        "words": words,
    }
