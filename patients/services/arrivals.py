"""Receiving the patients of a bundle: known ones are recognised, new ones registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from patients.fhir import belonging, export, shapes
from patients.fhir import bundle as bundles
from patients.fhir.bundle import Bundle, Entry, Pointer, Problem
from patients.fhir.elements import Mistake
from patients.fhir.mapping import PATIENT
from patients.models import Patient, Protectable
from patients.queries import sources
from patients.queries.sources import Token
from security import context


@dataclass(slots=True)
class Arrived:
    """Which patient each entry and each reference means, and what is new about them."""

    by_entry: dict[int, UUID] = field(default_factory=dict)
    outside: dict[Pointer, UUID] = field(default_factory=dict)
    # Patient entries of a second source: kept beside the record, which follows the first.
    second: list[Entry] = field(default_factory=list)
    created: list[Patient] = field(default_factory=list)
    updated: list[Patient] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def patient_ids(self) -> set[UUID]:
        """Return every patient that the bundle is about."""
        return {*self.by_entry.values(), *self.outside.values()}

    def find(self, pointer: Pointer) -> UUID | None:
        """Return the patient that a pointer means."""
        if pointer.entry is not None:
            return self.by_entry.get(pointer.entry.index)
        return self.outside.get(pointer)


@transaction.atomic
def receive(*, bundle: Bundle) -> Arrived:
    """Recognise or register every patient of a bundle, and recognise those it refers to."""
    entries = bundle.of_type("Patient")
    pointers = [belonging.patient_of(bundle, e) for e in bundle.entries if e.type != "Patient"]
    outside = {p for p in pointers if p is not None and p.entry is None}
    tokens = {token for entry in entries for token in bundles.identifiers(entry.resource)}
    tokens |= {pointer.identifier for pointer in outside if pointer.identifier}
    known = Known(
        sources.by_identifiers(tokens),
        sources.by_sources(
            {anchor_of(entry) for entry in entries} | {p.source for p in outside if p.source}
        ),
    )
    arrived = Arrived()
    for entry in entries:
        _receive_one(entry, known, arrived)
    Patient.objects.bulk_create(arrived.created, batch_size=200)
    for pointer in outside:
        found = known.of(pointer.source, [pointer.identifier] if pointer.identifier else [])
        if len(found) == 1:
            arrived.outside[pointer] = found.pop()
    return arrived


@dataclass(frozen=True, slots=True)
class Known:
    """Which patients are here, by identifier and by source."""

    identifiers: dict[Token, set[UUID]]
    sources: dict[str, UUID]

    def of(self, source: str, tokens: list[Token]) -> set[UUID]:
        """Return the patients that a source or any of some identifiers means."""
        found = {one for token in tokens for one in self.identifiers.get(token, ())}
        return found | ({self.sources[source]} if source in self.sources else set())


def anchor_of(entry: Entry) -> str:
    """Return what a patient's source is told from all others by: a bare local id is not enough."""
    if entry.is_unique:
        return entry.source
    tokens = bundles.identifiers(entry.resource)
    return f"{'|'.join(tokens[0])}|{entry.source}" if tokens else ""


def _receive_one(entry: Entry, known: Known, arrived: Arrived) -> None:
    found = known.of(anchor_of(entry), bundles.identifiers(entry.resource))
    try:
        said = shapes.read(PATIENT, entry.resource)
    except Mistake as mistake:
        arrived.problems.append(entry.problem(mistake.path, mistake.reason))
        return
    if entry.full_url not in ("", f"urn:uuid:{entry.id}"):
        said["extra"]["full_url"] = entry.full_url
    if not anchor_of(entry):
        reason = _("no identifier by which this patient could be recognised again")
        arrived.problems.append(entry.problem("identifier", reason))
    elif len(found) > 1:
        reason = _("its identifiers belong to different patients here")
        arrived.problems.append(entry.problem("identifier", reason))
    elif found & set(arrived.by_entry.values()):
        reason = _("another entry is the same patient")
        arrived.problems.append(entry.problem("identifier", reason))
    elif not found:
        patient = Patient(source_key=sources.key_of(anchor_of(entry)), **said)
        arrived.created.append(patient)
        arrived.by_entry[entry.index] = patient.pk
    else:
        arrived.by_entry[entry.index] = next(iter(found))
        _meet(entry, said, arrived)


def _meet(entry: Entry, said: dict[str, Any], arrived: Arrived) -> None:
    """Compare a known patient with what the entry says now."""
    patient = Patient.objects.select_for_update().get(pk=arrived.by_entry[entry.index])
    is_first_source = patient.source_key is not None and bytes(
        patient.source_key
    ) == sources.key_of(anchor_of(entry))
    with context.matching():
        if not is_first_source:
            if patient.birth_on and said.get("birth_on") not in (None, patient.birth_on):
                reason = _("the patient with this identifier here was born on another day")
                arrived.problems.append(entry.problem("identifier", reason))
            arrived.second.append(entry)
            return
        verdict = export.compare(patient, said)
    if verdict == "corrected":
        arrived.problems.append(entry.problem("", corrected_here()))
    elif verdict == "changed":
        take_over(patient, said)
        arrived.updated.append(patient)


def take_over(row: Any, said: Mapping[str, Any]) -> None:
    """Write what a row's source says now as its next version."""
    is_protectable = isinstance(row, Protectable)
    if is_protectable and row.is_protected:
        row.uncover()
    for name, value in said.items():
        setattr(row, name, value)
    if is_protectable:
        row.enclose()
    row.advance()
    row.save()


def corrected_here() -> str:
    """Return why a source's new version is refused."""
    return _("was corrected here since it was imported, and is not overwritten")
