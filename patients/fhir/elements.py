"""How single elements of a resource become typed values of a row, and elements again.

An element is read into fields; `write` gives the element back from them. What does not come back
the same way is kept beside the fields (see `shapes`), so nothing that was read is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from patients.fhir import moments, values

Values = Mapping[str, Any]
UCUM = "http://unitsofmeasure.org"


class Mistake(Exception):
    """An element that is not what FHIR R4 says; names place and reason, never the value."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class Element:
    """One element, the fields it fills, and the way in and out."""

    name: str
    fields: tuple[str, ...]
    read: Callable[[Any], dict[str, Any]]
    write: Callable[[Values], Any]


def expect(value: Any, kind: type, path: str) -> Any:
    """Return the value if JSON gave it the right kind; raise Mistake otherwise."""
    if isinstance(value, kind) and (kind is not int or not isinstance(value, bool)):
        return value
    names = {
        str: _("text is expected here"),
        bool: _("true or false is expected here"),
        dict: _("an object is expected here"),
        list: _("a list is expected here"),
        int: _("a whole number is expected here"),
    }
    raise Mistake(path, names[kind])


def objects(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of objects; raise Mistake when it is anything else."""
    for number, part in enumerate(expect(value, list, path)):
        expect(part, dict, f"{path}[{number}]")
    return list(value)


def text(name: str, field: str, allowed: Collection[str] = ()) -> Element:
    """Map a text, or a code out of the ones that R4 allows."""

    def read(value: Any) -> dict[str, Any]:
        found = expect(value, str, name)
        if not found.strip():
            raise Mistake(name, _("empty text"))
        if allowed and found not in allowed:
            raise Mistake(name, _("not one of the codes of FHIR R4"))
        return {field: found}

    return Element(name, (field,), read, lambda row: row[field] or None)


def truth(name: str, field: str) -> Element:
    """Map true or false."""
    return Element(
        name, (field,), lambda value: {field: expect(value, bool, name)}, lambda row: row[field]
    )


def tree(name: str, field: str, kind: type = list) -> Element:
    """Map a whole element to a JSON field: a list of objects, or an object."""

    def read(value: Any) -> dict[str, Any]:
        found = objects(value, name) if kind is list else expect(value, kind, name)
        return {field: values.pack(found)}

    return Element(
        name, (field,), read, lambda row: values.unpack(row[field]) if row[field] else None
    )


def instant(name: str, field: str) -> Element:
    """Map a date or instant of any precision to the first instant it may mean."""
    return Element(
        name,
        (field,),
        lambda value: {field: moment_of(value, name)},
        lambda row: moments.write(row[field]) if row[field] else None,
    )


def moment_of(value: Any, path: str) -> Any:
    """Return the instant in UTC that an element says; raise Mistake if it says none."""
    try:
        return moments.read(expect(value, str, path)).at
    except ValueError as error:
        raise Mistake(path, str(error)) from None


def day(name: str, field: str, precision: str) -> Element:
    """Map a date and how exact it is."""

    def read(value: Any) -> dict[str, Any]:
        try:
            found, exact = moments.read_day(expect(value, str, name))
        except ValueError as error:
            raise Mistake(name, str(error)) from None
        return {field: found, precision: exact}

    def write(row: Values) -> Any:
        found: date | None = row[field]
        return moments.write_day(found, row[precision] or "day") if found else None

    return Element(name, (field, precision), read, write)


def period(name: str, start: str, end: str, *, whole: bool = False) -> Element:
    """Map a Period; with `whole` it is written only when both its ends are known."""

    def read(value: Any) -> dict[str, Any]:
        found = expect(value, dict, name)
        return {
            field: moment_of(found[part], f"{name}.{part}") if part in found else None
            for part, field in (("start", start), ("end", end))
        }

    def write(row: Values) -> Any:
        ends = {
            part: moments.write(row[f]) for part, f in (("start", start), ("end", end)) if row[f]
        }
        return ends if len(ends) == 2 or (ends and not whole) else None

    return Element(name, (start, end), read, write)


def concept(name: str, label: str, field: str, *, many: bool = False) -> Element:
    """Map a CodeableConcept, or a list of them, to its JSON and to what people read."""

    def text_of(stored: Any) -> str | None:
        return values.concept_text(next(iter(values.parts(stored or ())), None)) or None

    def read(value: Any) -> dict[str, Any]:
        found = objects(value, name) if many else expect(value, dict, name)
        check_codings(found, name)
        return {field: values.pack(found), label: text_of(found)}

    def write(row: Values) -> Any:
        if row[field] and text_of(row[field]) == row[label]:
            return values.unpack(row[field])
        changed = {"text": row[label]}
        return ([changed] if many else changed) if row[label] else None

    return Element(name, (field, label), read, write)


def check_codings(value: Any, path: str) -> None:
    """Raise Mistake where `coding` is not the list of objects that it is in FHIR."""
    for part in values.parts(value):
        if "coding" in part:
            objects(part["coding"], f"{path}.coding")


def coded(name: str, field: str, system: str, allowed: Collection[str] = ()) -> Element:
    """Map a CodeableConcept that holds one code of one system to that code."""

    def read(value: Any) -> dict[str, Any]:
        codings = values.parts(expect(value, dict, name).get("coding") or ())
        code = next((c["code"] for c in codings if isinstance(c.get("code"), str)), None)
        if code is not None and allowed and code not in allowed:
            raise Mistake(f"{name}.coding.code", _("not one of the codes of FHIR R4"))
        return {field: code or values.concept_text(value) or None}

    def write(row: Values) -> Any:
        return {"coding": [{"system": system, "code": row[field]}]} if row[field] else None

    return Element(name, (field,), read, write)


def first_code(name: str, field: str, stored: str) -> Element:
    """Map a Coding, or a concept's JSON, to its JSON and its first code."""

    def read(value: Any) -> dict[str, Any]:
        found = expect(value, dict, name)
        code = found.get("code")
        return {stored: values.pack(found), field: code if isinstance(code, str) else None}

    def write(row: Values) -> Any:
        held = values.unpack(row[stored]) if row[stored] else None
        if held and held.get("code") == row[field]:
            return held
        return {"code": row[field]} if row[field] else None

    return Element(name, (stored, field), read, write)


def number_in(value: Any, path: str) -> Decimal:
    """Return a JSON number as a Decimal; raise Mistake if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Mistake(path, _("a number is expected here"))
    return values.decimal_of(value)


def quantity(name: str, number: str, unit: str, label: str) -> Element:
    """Map a Quantity in UCUM units to a number, a unit and what people read."""

    def read(value: Any) -> dict[str, Any]:
        found = expect(value, dict, name)
        said = number_in(found["value"], f"{name}.value") if "value" in found else None
        called = found.get("unit", found.get("code"))
        return {
            number: said,
            unit: called if isinstance(called, str) else None,
            label: values.quantity_text(found) or None,
        }

    def write(row: Values) -> Any:
        if row[number] is None:
            return None
        written = {"value": values.parse_number(row[number]), "unit": row[unit]}
        if row[unit]:
            written |= {"system": UCUM, "code": row[unit]}
        return {part: value for part, value in written.items() if value is not None}

    return Element(name, (number, unit, label), read, write)


def money(name: str, amount: str, currency: str) -> Element:
    """Map Money to an amount and its currency."""

    def read(value: Any) -> dict[str, Any]:
        found = expect(value, dict, name)
        said = number_in(found["value"], f"{name}.value") if "value" in found else None
        code = found.get("currency")
        return {amount: said, currency: code if isinstance(code, str) else None}

    def write(row: Values) -> Any:
        if row[amount] is None:
            return None
        written = {"value": values.parse_number(row[amount]), "currency": row[currency]}
        return {part: value for part, value in written.items() if value is not None}

    return Element(name, (amount, currency), read, write)
