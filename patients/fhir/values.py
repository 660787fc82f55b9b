"""JSON values of FHIR as sealed JSON carries them, and back, without losing a digit of a number."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from patients.fhir import parsing

_REMARK = re.compile(r"^\{(.*)\}$")
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
# No FHIR element is named so: the reader refuses names with a dollar sign.
NUMBER = "$number"


def pack(value: Any, *, exact: bool = False) -> Any:
    """Return a parsed value as it is sealed: tuples for lists, marked texts for exact numbers.

    With `exact` every fraction is marked, for columns whose database rewrites numbers.
    """
    if isinstance(value, dict):
        return {name: pack(part, exact=exact) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(pack(part, exact=exact) for part in value)
    if isinstance(value, Decimal) or (exact and isinstance(value, float)):
        return {NUMBER: str(value)}
    return value


def unpack(value: Any) -> Any:
    """Return a sealed value as it was parsed."""
    if isinstance(value, dict):
        if NUMBER in value:
            return parsing.number(value[NUMBER])
        return {name: unpack(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [unpack(part) for part in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same; 1, 1.0 and true are three, lists equal tuples."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(part, other[name]) for name, part in one.items()
        )
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, Decimal | float) and isinstance(other, Decimal | float):
        return str(one) == str(other)
    return type(one) is type(other) and bool(one == other)


def decimal_of(value: int | float | Decimal) -> Decimal:
    """Return a parsed number with the digits it was written with."""
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def parse_number(number: Decimal) -> int | float | Decimal:
    """Return a Decimal as the parser would have given its text."""
    return parsing.number(str(number))


def parts(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, or the one object there is; anything else holds none."""
    found = value if isinstance(value, list | tuple) else [value]
    return [part for part in found if isinstance(part, dict)]


def concept_text(concept: Any) -> str:
    """Return how a CodeableConcept is called: its text, else what a coding shows, else its code."""
    if not isinstance(concept, dict):
        return ""
    codings = parts(concept.get("coding") or ())
    names = [concept.get("text"), *(coding.get("display") for coding in codings)]
    names += [coding.get("code") for coding in codings]
    return next((name for name in names if isinstance(name, str) and name), "")


def quantity_text(quantity: Any) -> str:
    """Return a quantity for reading: its number, rounded if long, and its unit."""
    if not isinstance(quantity, dict):
        return ""
    number, unit = quantity.get("value"), quantity.get("unit") or quantity.get("code") or ""
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return ""
    # A unit in braces is a remark in UCUM, such as {score}.
    text = f"{quantity.get('comparator') or ''}{number_text(decimal_of(number))}"
    shown = _REMARK.sub(r"\1", str(unit))
    return f"{text} {shown}".strip()


def number_text(number: Decimal) -> str:
    """Return a number with two digits after the point or three that count, whichever are more."""
    exponent = number.as_tuple().exponent
    digits = max(2, 2 - number.adjusted())
    if not isinstance(exponent, int) or abs(number.adjusted()) > 15:
        return str(number)
    return f"{number:.{digits}f}" if exponent < -digits else f"{number:f}"


def shown_text(reference: Any) -> str | None:
    """Return what a reference, or the first of several, says it is called."""
    shown = next((part.get("display") for part in parts(reference or ())), None)
    return shown if isinstance(shown, str) and shown else None


def value_text(holder: dict[str, Any]) -> str:
    """Return the value[x] of an observation or of one of its components for reading."""
    for name, value in holder.items():
        if name == "valueCodeableConcept":
            return concept_text(value)
        if name in ("valueQuantity", "valueAge"):
            return quantity_text(value)
        if name == "valueRange" and isinstance(value, dict):
            return " - ".join(
                filter(None, (quantity_text(value.get(end)) for end in ("low", "high")))
            )
        if name == "valueRatio" and isinstance(value, dict):
            return " : ".join(
                quantity_text(value.get(part)) for part in ("numerator", "denominator")
            )
        if name.startswith("value") and not isinstance(value, dict | list | None):
            return str(value).lower() if isinstance(value, bool) else str(value)
    return ""


def components_text(observation: dict[str, Any]) -> str:
    """Return the parts of an observation for reading; blood pressures as people write them."""
    components = parts(observation.get("component") or ())
    by_code = {_loinc(component): component for component in components}
    if {_SYSTOLIC, _DIASTOLIC} <= by_code.keys():
        upper, _space, unit = value_text(by_code[_SYSTOLIC]).partition(" ")
        return f"{upper}/{value_text(by_code[_DIASTOLIC]).partition(' ')[0]} {unit}".strip()
    shown = ((concept_text(part.get("code")), value_text(part)) for part in components)
    return ", ".join(f"{name} {value}".strip() for name, value in shown if value)


def _loinc(component: dict[str, Any]) -> str:
    code = component.get("code")
    codings = parts(code.get("coding") or ()) if isinstance(code, dict) else ()
    return next((c["code"] for c in codings if isinstance(c.get("code"), str)), "")
