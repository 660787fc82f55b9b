"""What was measured, for reading: value, unit, and whether it lies outside its range."""

from __future__ import annotations

from typing import Any

from patients.fhir import values
from patients.models import Observation
from patients.queries import wording

HIGH = {"H", "HH", "HU", ">"}
LOW = {"L", "LL", "LU", "<"}


def measured(row: Observation) -> dict[str, str]:
    """Return the value, its unit and its flag ("high", "low" or nothing)."""
    number = row.value_number
    if number is not None:
        shown = {"value": wording.number(number), "unit": wording.unit(row.value_unit)}
    else:
        shown = _pair(row.components) or {"value": row.value_text or "", "unit": ""}
    return shown | {"flag": _flag(row)}


def _pair(components: Any) -> dict[str, str] | None:
    """Return two numbers of one unit as one value, as a blood pressure is read: 120/80 mmHg."""
    quantities = [values.unpack(part.get("valueQuantity")) for part in wording.parts(components)]
    if len(quantities) != 2 or not all(isinstance(one, dict) for one in quantities):
        return None
    units = {one.get("unit") or one.get("code") for one in quantities}
    numbers = [one.get("value") for one in quantities]
    if len(units) != 1 or any(isinstance(one, bool | str | None) for one in numbers):
        return None
    shown = "/".join(wording.number(values.decimal_of(one)) for one in numbers)
    return {"value": shown, "unit": wording.unit(units.pop())}


def _flag(row: Observation) -> str:
    codes = set(wording.codes(row.interpretations))
    for component in wording.parts(row.components):
        codes.update(wording.codes(component.get("interpretation")))
    return "high" if codes & HIGH else "low" if codes & LOW else ""
