"""Reference ranges and what they make of a number; the two pressures of a blood pressure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from patients.fhir import values
from patients.fhir.elements import UCUM
from patients.models import Code
from patients.queries import codes, wording

LOINC = "http://loinc.org"
PRESSURE = "85354-9"
UPPER, LOWER = "8480-6", "8462-4"
MERCURY = "mm[Hg]"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
JUDGEMENTS = {"H": "High", "L": "Low", "N": "Normal"}


def plain(number: Decimal) -> str:
    """Return a stored number as a form shows it, without an exponent."""
    return f"{number:f}"


def of(reference_ranges: Any) -> tuple[str, str]:
    """Return the ends of the first range as a form shows them."""
    first = next(iter(wording.parts(reference_ranges)), {})
    return _end(first.get("low")), _end(first.get("high"))


def _end(quantity: Any) -> str:
    number = number_in(quantity)
    return plain(number) if number is not None else ""


def number_in(quantity: Any) -> Decimal | None:
    """Return the number of a stored quantity, if it holds one."""
    found = values.unpack(quantity) if isinstance(quantity, dict) else {}
    number = found.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    return values.decimal_of(number)


def quantity(number: Decimal, unit: str | None) -> dict[str, Any]:
    """Return a number in a UCUM unit as FHIR writes it."""
    written: dict[str, Any] = {"value": values.parse_number(number)}
    return written | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})


def written(low: str, high: str, unit: str | None) -> Any:
    """Return a range as FHIR writes it; nothing where neither end is stated."""
    ends = {
        name: quantity(Decimal(said), unit) for name, said in (("low", low), ("high", high)) if said
    }
    return values.pack([ends]) if ends else None


def judged(number: Decimal, low: str, high: str) -> Any:
    """Return what a range makes of a number: high, low, normal; nothing where there is no range."""
    if not low and not high:
        return None
    code = "N"
    if low and number < Decimal(low):
        code = "L"
    elif high and number > Decimal(high):
        code = "H"
    return values.pack([_judgement(code)])


def _judgement(code: str) -> dict[str, Any]:
    coding = {"system": INTERPRETATION, "code": code, "display": JUDGEMENTS[code]}
    return {"coding": [coding], "text": JUDGEMENTS[code]}


def pair_of(components: Any) -> tuple[str, str] | None:
    """Return upper and lower pressure of a stored result, if it is a blood pressure."""
    by_code = {
        code: number_in(part.get("valueQuantity"))
        for part in wording.parts(components)
        for code in wording.codes(part.get("code"))
    }
    upper, lower = by_code.get(UPPER), by_code.get(LOWER)
    if upper is None or lower is None or len(wording.parts(components)) != 2:
        return None
    return plain(upper), plain(lower)


def pressure(upper: Decimal, lower: Decimal) -> Any:
    """Return the parts of a blood pressure, each against the range of its code."""
    codings = [{"system": LOINC, "code": code} for code in (UPPER, LOWER)]
    listed = {code.code: code for code in codes.known(codings, Code.Kind.OBSERVATION)}
    names = {UPPER: "Systolic blood pressure", LOWER: "Diastolic blood pressure"}
    return values.pack(
        [
            _part(code, number, names[code], listed.get(code))
            for code, number in ((UPPER, upper), (LOWER, lower))
        ]
    )


def _part(code: str, number: Decimal, name: str, listed: Code | None) -> dict[str, Any]:
    text = listed.text if listed else name
    part: dict[str, Any] = {
        "code": {"coding": [{"system": LOINC, "code": code, "display": name}], "text": text},
        "valueQuantity": quantity(number, MERCURY),
    }
    low = plain(listed.low.normalize()) if listed and listed.low is not None else ""
    high = plain(listed.high.normalize()) if listed and listed.high is not None else ""
    if low or high:
        part["referenceRange"] = written(low, high, MERCURY)
        part["interpretation"] = judged(number, low, high)
    return part
