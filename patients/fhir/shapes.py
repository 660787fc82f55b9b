"""From a resource to the values of a row and back, by a list of elements per type.

What the fields of a row do not give back exactly is kept in the row's `extra`:

    elements    {name: element}: elements without a field, and those written otherwise than we would
    absent      [names]: elements that we would write and the source did not
    forced      [names]: elements that contradict another one; given back whatever the fields say
    as_read     {field: value}: fields that were read with the help of another resource
    full_url    the entry's address, where it is not urn:uuid:<id>
    digest      of the resource as it came, by which a second import knows that nothing changed
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from patients.fhir import values
from patients.fhir.elements import Element, Mistake

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """One FHIR type: its model, its elements, and where it says whose it is."""

    name: str
    model: type[models.Model]
    elements: tuple[Element, ...]
    # The element that refers to the patient.
    of: str = "subject"
    # Fields in the order of which the first known one says when it was.
    when: tuple[str, ...] = ()
    # Fractions in columns that the database rewrites are kept as texts.
    exact: bool = False
    # Further fields that the whole resource tells.
    told: Callable[[Resource, Mapping[str, Any]], dict[str, Any]] = lambda resource, row: {}
    # Raises Mistake for what each element allows and all together do not.
    check: Callable[[Resource, Mapping[str, Any]], None] = lambda resource, row: None

    @property
    def fields(self) -> tuple[str, ...]:
        """Return every field that an element fills, once."""
        return tuple(dict.fromkeys(name for element in self.elements for name in element.fields))


def read(shape: Shape, resource: Resource, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the values of the row's fields and `extra`; raise Mistake at the first wrong element.

    `seen` holds fields that another resource told, such as the name of a medication.
    """
    row: dict[str, Any] = dict.fromkeys(shape.fields)
    for element in shape.elements:
        if element.name in resource:
            _fill(row, element.read(resource[element.name]))
    as_read = {name: value for name, value in (seen or {}).items() if value and not row[name]}
    _fill(row, as_read)
    _fill(row, shape.told(resource, row))
    if shape.when:
        _fill(row, {"occurred_at": next((row[name] for name in shape.when if row[name]), None)})
    if shape.exact:
        row = {name: _exactly(value) for name, value in row.items()}
    check_ages(resource)
    shape.check(resource, row)
    return row | {"extra": _extra(shape, resource, row, as_read)}


def _exactly(value: Any) -> Any:
    return values.pack(value, exact=True) if isinstance(value, dict | tuple) else value


def _fill(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    row.update({name: value for name, value in said.items() if row.get(name) is None})


def check_ages(resource: Resource) -> None:
    """Raise Mistake where an Age is below nothing."""
    for name, value in resource.items():
        if name.endswith("Age") and isinstance(value, dict):
            number = value.get("value", 0)
            if (
                not isinstance(number, bool | str | list | dict)
                and number is not None
                and number < 0
            ):
                raise Mistake(f"{name}.value", _("an age below zero"))


def _extra(
    shape: Shape, resource: Resource, row: dict[str, Any], as_read: dict[str, Any]
) -> dict[str, Any]:
    extra: dict[str, Any] = {"as_read": as_read, "digest": digest(resource)}

    def differing(written: Resource) -> list[str]:
        return [
            name
            for name, value in resource.items()
            if not (name in written and values.same(written[name], value))
        ]

    def keep(names: list[str]) -> dict[str, Any]:
        return {name: values.pack(resource[name], exact=shape.exact) for name in names}

    extra["elements"] = keep(differing(write(shape, row, extra)))
    extra["absent"] = extra["forced"] = ()
    # What is suppressed lets another element speak up for the same field, and what is forced
    # silences one: go on until the resource comes back as it was.
    while True:
        written = write(shape, row, extra)
        surplus = tuple(name for name in written if name not in resource)
        missing = tuple(differing(written))
        if not surplus and not missing:
            break
        if set(surplus) <= set(extra["absent"]) and set(missing) <= set(extra["forced"]):
            # Nothing is left to try: better refused than tried for ever.
            raise Mistake(shape.name, _("content that can not be given back as it came"))
        extra["absent"] += surplus
        if not surplus:
            extra["forced"] += missing
            extra["elements"] |= keep(list(missing))
    return {name: value for name, value in extra.items() if value}


def write(shape: Shape, row: Mapping[str, Any], extra: Mapping[str, Any] | None) -> Resource:
    """Return the resource that a row holds.

    An element is given back as it was written while it still says what the fields say; where a
    field was changed since, the element is written anew from the fields.
    """
    extra = extra or {}
    kept: Mapping[str, Any] = extra.get("elements") or {}
    as_read: Mapping[str, Any] = extra.get("as_read") or {}
    resource: Resource = {"resourceType": shape.name}
    forced = set(extra.get("forced") or ())
    taken: set[str] = set()
    known = {element.name for element in shape.elements}
    for element in shape.elements:
        if element.name in kept and (
            element.name in forced or _still_says(element, kept[element.name], row, as_read)
        ):
            resource[element.name] = values.unpack(kept[element.name])
            taken.update(element.fields)
    for element in shape.elements:
        if element.name in resource or taken & set(element.fields):
            continue
        value = element.write(row)
        if value is not None and element.name not in (extra.get("absent") or ()):
            resource[element.name] = value
            taken.update(element.fields)
    resource |= {name: values.unpack(value) for name, value in kept.items() if name not in known}
    return resource


def _still_says(
    element: Element, kept: Any, row: Mapping[str, Any], as_read: Mapping[str, Any]
) -> bool:
    try:
        said = element.read(values.unpack(kept))
    except Mistake:
        return True
    return all(
        values.same(row[name], value) or (name in as_read and row[name] == as_read[name])
        for name, value in said.items()
    )


def digest(resource: Resource) -> str:
    """Return a digest of a resource that does not depend on the order of its elements."""
    packed = values.pack(resource, exact=True)
    text = json.dumps(packed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
