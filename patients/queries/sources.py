"""Finding what an import brought before: patients by identifier or source, items by source key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models.functions import Coalesce

from patients.models import ClinicalAttachment, Patient, PatientIndex, PatientRecord
from security.sealing.index import exact_hash

Token = tuple[str, str]


def key_of(source: str) -> bytes:
    """Return the 16 bytes by which an item is found again; its source is stored nowhere."""
    # Hashed first: an index folds case and width, and ids of FHIR differ by them.
    return exact_hash("patients.source", sha256(source.encode()).hexdigest())


def by_identifiers(tokens: Collection[Token]) -> dict[Token, set[UUID]]:
    """Return which patients hold each (system, value); those that nobody holds are left out."""
    hashes: dict[bytes, list[Token]] = {}
    for token in tokens:
        hashes.setdefault(exact_hash("identifier", "|".join(token)), []).append(token)
    rows = PatientIndex.objects.filter(kind="identifier", exact__in=list(hashes))
    found: dict[Token, set[UUID]] = {}
    for exact, patient_id in rows.values_list("exact", "row_id"):
        for token in hashes[bytes(exact)] if exact is not None else ():
            found.setdefault(token, set()).add(patient_id)
    return found


def by_sources(sources: Collection[str]) -> dict[str, UUID]:
    """Return which patient came from each source; what further sources said of one is attached."""
    keys = {key_of(source): source for source in sources}
    found: dict[str, UUID] = {}
    attached = ClinicalAttachment.objects.filter(
        resource_type="Patient", source_key__in=list(keys)
    ).values_list("source_key", "patient_id")
    # What was merged is looked for under the record that took its place.
    own = Patient.objects.filter(source_key__in=list(keys)).values_list(
        "source_key", Coalesce("merged_into_id", "id")
    )
    for key, patient_id in (*attached, *own):
        if key is not None:
            found[keys[bytes(key)]] = patient_id
    return found


def items(
    model: type[PatientRecord], patient_ids: Iterable[UUID], keys: Collection[bytes]
) -> Mapping[tuple[UUID, bytes], Any]:
    """Return the items of some patients that came from some sources."""
    rows = model._default_manager.select_for_update().filter(
        patient_id__in=list(patient_ids), source_key__in=list(keys)
    )
    return {
        (row.patient_id, bytes(row.source_key)): row for row in rows if row.source_key is not None
    }
