"""What two records of one person become when they are joined, field by field, and taken apart again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patients.demographics import number_of
from patients.models import Patient
from patients.names import full
from security.sealing import normalise
from security.sealing.fields import freeze

# Fields of which one record's value counts; several that belong together go by the name of the first.
CHOSEN: dict[str, tuple[str, ...]] = {
    "birth_on": ("birth_on", "birth_precision"),
    "sex": ("sex",),
    "language": ("language",),
    "marital_status": ("marital_status",),
    "deceased": ("deceased", "deceased_at"),
}
# Lists that are joined.
JOINED = ("names", "identifiers", "telecoms", "addresses", "contacts")
FIELDS = (
    *JOINED,
    *(name for group in CHOSEN.values() for name in group),
    "record_number",
    "confidentiality",
)
SURVIVOR, ABSORBED = "survivor", "absorbed"


def conflicts(survivor: Patient, absorbed: Patient) -> list[str]:
    """Return which fields both records know, and know differently."""
    return [
        key
        for key in CHOSEN
        if _is_known(getattr(survivor, key))
        and _is_known(getattr(absorbed, key))
        and getattr(survivor, key) != getattr(absorbed, key)
    ]


def joined(survivor: Patient, absorbed: Patient, choices: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of the record that stays; what only one record knows is kept."""
    found: dict[str, Any] = {}
    for key, group in CHOSEN.items():
        takes = choices.get(key) == ABSORBED or not _is_known(getattr(survivor, key))
        source = absorbed if takes and _is_known(getattr(absorbed, key)) else survivor
        found |= {name: getattr(source, name) for name in group}
    for name in JOINED:
        found[name] = _union(getattr(survivor, name), getattr(absorbed, name))
    if choices.get("names") == ABSORBED:
        found["names"] = _union(absorbed.names, survivor.names)
    found["record_number"] = survivor.record_number or absorbed.record_number
    is_watched = survivor.confidentiality != Patient.Confidentiality.NORMAL
    found["confidentiality"] = (survivor if is_watched else absorbed).confidentiality
    if absorbed.record_number and absorbed.record_number != found["record_number"]:
        # Whoever has the other number on a card or a letter still finds the person.
        number = number_of("MR", absorbed.record_number) | {"use": "old"}
        values = [one.get("value") for one in found["identifiers"] or ()]
        if absorbed.record_number not in values:
            found["identifiers"] = freeze([*(found["identifiers"] or ()), number])
    return found


def taken_apart(before: Patient, after: Patient, now: Patient) -> dict[str, Any]:
    """Return the fields of the record that stayed, without what came from the other one.

    `before` and `after` are its states around the merge, `now` is what is stored. What was changed since
    stays changed; of lists, the parts that came with the merge go.
    """
    found: dict[str, Any] = {}
    for name in FIELDS:
        was, became, stands = (getattr(row, name) for row in (before, after, now))
        if stands == became:
            found[name] = was
        elif name in JOINED:
            came = [part for part in became or () if part not in (was or ())]
            found[name] = freeze([part for part in stands or () if part not in came])
        else:
            found[name] = stands
    return found


def _union(first: Any, second: Any) -> Any:
    if not second:
        return first
    there = [_said(part) for part in first or ()]
    return freeze([*(first or ()), *(part for part in second if _said(part) not in there)])


def _said(part: Any) -> Any:
    """Return what a part of a list says, whatever else is kept with it: each name and number once."""
    if not isinstance(part, Mapping):
        return part
    if name := full(part):
        return name.casefold()
    if part.get("system") == "phone" and isinstance(part.get("value"), str):
        return normalise.phone(part["value"])
    return part


def _is_known(value: Any) -> bool:
    return value not in (None, "", (), "unknown")
