"""Whose an entry is, and which encounter it belongs to, by the references it holds."""

from __future__ import annotations

from typing import Any

from patients.fhir import values
from patients.fhir.bundle import Bundle, Entry, Pointer
from patients.fhir.mapping import SHAPES

# Where resources without a shape say whose they are; the first that leads to a patient counts.
_OF = ("subject", "patient", "beneficiary", "for", "individual", "policyHolder", "recipient")


def patient_of(bundle: Bundle, entry: Entry) -> Pointer | None:
    """Return the patient that an entry names: an entry, or somebody outside of the bundle.

    None when it names nobody; a pointer without entry, source and identifier leads nowhere.
    """
    shape = SHAPES.get(entry.type)
    for reference in _references(entry.resource, (shape.of,) if shape else _OF):
        pointer = bundle.follow(reference, of=entry, type="Patient")
        if (
            pointer is not None
            and (pointer.entry.type if pointer.entry else pointer.type) == "Patient"
        ):
            return pointer
        if pointer is not None and shape:
            return Pointer(type="Patient")
    return None


def _references(resource: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    found = [part for name in names for part in values.parts(resource.get(name) or ())]
    actors = values.parts(resource.get("participant") or ())
    return found + [part["actor"] for part in actors if isinstance(part.get("actor"), dict)]


def encounter_of(bundle: Bundle, entry: Entry) -> Pointer | None:
    """Return the encounter that an entry belongs to; a bill names it in its first line."""
    resource = entry.resource
    context = resource.get("context")
    items = values.parts(resource.get("item") or ())
    holders = [resource, *([context] if isinstance(context, dict) else ()), *items[:1]]
    for holder in holders:
        for reference in values.parts(holder.get("encounter") or ()):
            pointer = bundle.follow(reference, of=entry, type="Encounter")
            if pointer is not None:
                return pointer
    return None


def practitioners_of(bundle: Bundle, entry: Entry) -> list[Pointer]:
    """Return the practitioners of an encounter, the attending one first."""
    found: list[tuple[bool, Pointer]] = []
    for participant in values.parts(entry.resource.get("participant") or ()):
        pointer = bundle.follow(participant.get("individual"), of=entry, type="Practitioner")
        if pointer is not None:
            codes = str(participant.get("type"))
            found.append(("ATND" not in codes and "PPRF" not in codes, pointer))
    return [pointer for _later, pointer in sorted(found, key=lambda pair: pair[0])]


def organization_of(bundle: Bundle, entry: Entry) -> Pointer | None:
    """Return who provided an encounter."""
    return bundle.follow(entry.resource.get("serviceProvider"), of=entry, type="Organization")


def medication_text(bundle: Bundle, entry: Entry) -> str:
    """Return what the medication of a prescription is called, where another resource tells."""
    reference = entry.resource.get("medicationReference")
    if not isinstance(reference, dict):
        return ""
    pointer = bundle.follow(reference, of=entry, type="Medication")
    if pointer is not None and pointer.entry is not None:
        return values.concept_text(pointer.entry.resource.get("code"))
    for inside in values.parts(entry.resource.get("contained") or ()):
        if reference.get("reference") == f"#{inside.get('id')}":
            return values.concept_text(inside.get("code"))
    return ""
