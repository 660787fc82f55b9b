"""Keeping the items of a bundle in the records they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from patients.fhir import attachments, belonging, export, shapes
from patients.fhir.bundle import Bundle, Entry, Pointer, Problem
from patients.fhir.elements import Mistake
from patients.fhir.mapping import SHAPES
from patients.models import Encounter, PatientRecord, Practitioner, Protectable
from patients.queries import sources
from patients.services import directory
from patients.services.arrivals import Arrived, anchor_of, corrected_here, take_over
from patients.services.directory import KEPT_WHOLE, LISTED, Listed
from security import context

BATCH = 500


@dataclass(slots=True)
class Item:
    """One entry on its way into a record."""

    entry: Entry
    patient_id: UUID
    source: str
    model: type[PatientRecord]
    said: dict[str, Any]


@dataclass(slots=True)
class Kept:
    """What came of the items of a bundle."""

    created: list[Any] = field(default_factory=list)
    updated: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # References to encounters and people that neither the bundle nor this house knows.
    dangling: int = 0
    # Which practitioner saw which patient, by the encounters of the bundle.
    seen_by: set[tuple[UUID, Practitioner]] = field(default_factory=set)


@dataclass(slots=True)
class Places:
    """The rows that items refer to: encounters with their patients, and the directory."""

    encounters: dict[Pointer | int, tuple[UUID, UUID]] = field(default_factory=dict)
    directory: dict[Pointer | int, Any] = field(default_factory=dict)

    def encounter(self, pointer: Pointer) -> tuple[UUID, UUID] | None:
        """Return id and patient of the encounter that a pointer means."""
        return self.encounters.get(pointer.entry.index if pointer.entry else pointer)

    def listed(self, pointer: Pointer | None, model: type[Any]) -> Any:
        """Return the entry of the directory that a pointer means, if it is of that kind."""
        if pointer is None:
            return None
        found = self.directory.get(pointer.entry.index if pointer.entry else pointer)
        return found if isinstance(found, model) else None


@transaction.atomic
def keep(*, bundle: Bundle, arrived: Arrived, listed: Listed) -> Kept:
    """Keep every entry that belongs to a record: new ones as rows, changed ones as new versions."""
    kept = Kept()
    by_model: dict[type[PatientRecord], list[Item]] = defaultdict(list)
    for item in _items(bundle, arrived, kept):
        by_model[item.model].append(item)
    found = [item for items in by_model.values() for item in items]
    places = _places(bundle, found, listed)
    # Encounters first: the other items refer to them.
    for model in sorted(by_model, key=lambda one: one is not Encounter):
        for item in by_model[model]:
            _place(bundle, item, places, kept)
        _keep_all(model, by_model[model], arrived, places, kept)
    return kept


def _items(bundle: Bundle, arrived: Arrived, kept: Kept) -> Iterator[Item]:
    failed = {problem.index for problem in arrived.problems}
    second = {entry.index for entry in arrived.second}
    for entry in bundle.entries:
        is_own = entry.type == "Patient" and entry.index not in second
        if is_own or entry.type in LISTED or entry.type in KEPT_WHOLE:
            continue
        pointer = _whose(bundle, entry, arrived)
        if pointer is not None and pointer.entry is not None and pointer.entry.index in failed:
            continue
        patient_id = arrived.find(pointer) if pointer is not None else None
        if pointer is None or patient_id is None:
            shape = SHAPES.get(entry.type)
            reason = _("names no patient who is in the bundle or here")
            # Where entries could not be read at all, the patient may be one of them.
            if not bundle.problems:
                kept.problems.append(entry.problem(shape.of if shape else "subject", reason))
            continue
        try:
            model, said = _read(bundle, entry)
        except Mistake as mistake:
            kept.problems.append(entry.problem(mistake.path, mistake.reason))
            continue
        yield Item(entry, patient_id, _source_of(entry, pointer), model, said)


def _whose(bundle: Bundle, entry: Entry, arrived: Arrived) -> Pointer | None:
    """Return whose an entry is; one that names nobody belongs to the only patient there is."""
    if entry.type == "Patient":
        return Pointer(entry)
    pointer = belonging.patient_of(bundle, entry)
    if pointer is not None or entry.type in SHAPES:
        return pointer
    people = [Pointer(one) for one in bundle.of_type("Patient")] or list(arrived.outside)
    return people[0] if len(people) == 1 else None


def _source_of(entry: Entry, whose: Pointer) -> str:
    """Return what tells an item from all others; a local id counts within its patient's source."""
    if entry.type == "Patient":
        return anchor_of(entry)
    if entry.is_unique:
        return entry.source
    if whose.entry is not None:
        return f"{anchor_of(whose.entry)}|{entry.source}"
    return f"{whose.source or '|'.join(whose.identifier or ())}|{entry.source}"


def _read(bundle: Bundle, entry: Entry) -> tuple[type[Any], dict[str, Any]]:
    shape = SHAPES.get(entry.type) if entry.type != "Patient" else None
    model: type[Any]
    if shape is None:
        model, said = attachments.read(entry)
    else:
        is_drug = entry.type == "MedicationRequest"
        seen = {"code_text": belonging.medication_text(bundle, entry)} if is_drug else {}
        model, said = shape.model, shapes.read(shape, entry.resource, seen)
    if entry.full_url not in ("", f"urn:uuid:{entry.id}"):
        said["extra"]["full_url"] = entry.full_url
    return model, said


def _places(bundle: Bundle, found: list[Item], listed: Listed) -> Places:
    """Find what the items refer to outside of the bundle."""
    places = Places(directory=dict(listed.rows))
    encounters: dict[tuple[UUID, bytes], list[Pointer]] = defaultdict(list)
    people: set[Pointer] = set()
    for item in found:
        pointer = belonging.encounter_of(bundle, item.entry)
        if pointer is not None and pointer.entry is None and pointer.source:
            encounters[item.patient_id, sources.key_of(pointer.source)].append(pointer)
        if item.model is Encounter:
            people.update(p for p in _people(bundle, item.entry) if p.entry is None)
    places.directory.update(directory.outside(people) if people else {})
    if encounters:
        patients, keys = zip(*encounters, strict=True)
        for place, row in sources.items(Encounter, patients, keys).items():
            for pointer in encounters.get(place, ()):
                places.encounters[pointer] = (row.pk, row.patient_id)
    return places


def _people(bundle: Bundle, entry: Entry) -> list[Pointer]:
    organization = belonging.organization_of(bundle, entry)
    return [
        *belonging.practitioners_of(bundle, entry),
        *([organization] if organization is not None else ()),
    ]


def _place(bundle: Bundle, item: Item, places: Places, kept: Kept) -> None:
    """Set the foreign keys of an item."""
    if item.model is Encounter:
        _place_encounter(bundle, item, places, kept)
        return
    pointer = belonging.encounter_of(bundle, item.entry)
    if pointer is None or not hasattr(item.model, "encounter"):
        return
    encounter = places.encounter(pointer)
    if encounter is None:
        kept.dangling += 1
        return
    encounter_id, patient_id = encounter
    if patient_id != item.patient_id:
        kept.problems.append(item.entry.problem("encounter", _("is of another patient")))
    item.said["encounter_id"] = encounter_id


def _place_encounter(bundle: Bundle, item: Item, places: Places, kept: Kept) -> None:
    pointers = belonging.practitioners_of(bundle, item.entry)
    seen_by = [places.listed(pointer, Practitioner) for pointer in pointers]
    kept.seen_by.update((item.patient_id, one) for one in seen_by if one is not None)
    kept.dangling += seen_by.count(None)
    item.said["practitioner"] = next((one for one in seen_by if one is not None), None)
    provider = belonging.organization_of(bundle, item.entry)
    item.said["organization"] = places.listed(provider, LISTED["Organization"])
    kept.dangling += provider is not None and item.said["organization"] is None


def _keep_all(
    model: type[PatientRecord], items: list[Item], arrived: Arrived, places: Places, kept: Kept
) -> None:
    keys = {item.entry.index: sources.key_of(item.source) for item in items}
    fresh = {patient.pk for patient in arrived.created}
    known_patients = {item.patient_id for item in items} - fresh
    known = sources.items(model, known_patients, list(keys.values())) if known_patients else {}
    created: list[PatientRecord] = []
    for item in items:
        key = keys[item.entry.index]
        row = known.get((item.patient_id, key))
        if row is None:
            row = model(patient_id=item.patient_id, source_key=key, **item.said)
            if isinstance(row, Protectable):
                row.enclose()
            created.append(row)
        else:
            _meet(row, item, kept)
        if model is Encounter:
            places.encounters[item.entry.index] = (row.pk, row.patient_id)
    if not kept.problems:
        model._default_manager.bulk_create(created, batch_size=BATCH)
    kept.created += created


def _meet(row: Any, item: Item, kept: Kept) -> None:
    """Compare an item that is here with what its source says now."""
    with context.matching():
        verdict = export.compare(row, item.said)
    if verdict == "corrected":
        kept.problems.append(item.entry.problem("", corrected_here()))
    elif verdict == "changed":
        take_over(row, item.said)
        kept.updated.append(row)
