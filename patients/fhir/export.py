"""Rows back to FHIR R4 resources, the same as they came unless they were changed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from uuid import UUID

from django.db import models

from patients.fhir import moments, shapes, values
from patients.fhir.mapping import PATIENT, RECORD_SHAPES, SHAPE_OF_MODEL
from patients.fhir.moments import Precision
from patients.fhir.shapes import Resource, Shape
from patients.models import (
    BillingAttachment,
    ClinicalAttachment,
    DirectoryResource,
    Patient,
    Protectable,
    RecordAttachment,
)

Verdict = Literal["same", "changed", "corrected"]


def resource_of(row: models.Model) -> Resource:
    """Return the resource that a row holds; opening its envelopes is a read of the patient."""
    _uncover(row)
    if isinstance(row, RecordAttachment | DirectoryResource):
        resource: Resource = values.unpack(row.resource)
        return resource
    shape = SHAPE_OF_MODEL[type(row)]
    extra = row.extra  # type: ignore[attr-defined]
    resource = shapes.write(shape, held(shape, row), extra)
    # What came by an import knows its digest; a row written here may know how exact its dates are.
    return resource if (extra or {}).get("digest") else _made_here(shape, row, resource)


def _uncover(row: models.Model) -> None:
    """Put what a protected row withholds in its places, in memory: a deed encloses it again."""
    if isinstance(row, Protectable) and row.is_protected:
        row.uncover()


def held(shape: Shape, row: models.Model) -> dict[str, Any]:
    """Return the values of a row's fields."""
    return {name: getattr(row, name) for name in shape.fields}


def _made_here(shape: Shape, row: Any, resource: Resource) -> Resource:
    """Add what an import keeps and a row that was written here has by its keys."""
    resource["id"] = str(row.pk)
    if shape.of:
        resource[shape.of] = {"reference": f"Patient/{row.patient_id}"}
    if getattr(row, "encounter_id", None) and shape.name != "Claim":
        resource["encounter"] = {"reference": f"Encounter/{row.encounter_id}"}
    return resource


def directory_resources(row: Any) -> Iterator[Resource]:
    """Yield what every source says of one entry of the directory."""
    yield resource_of(row)
    for other in (row.extra.get("others") or {}).values():
        yield values.unpack(other)


def compare(row: Any, said: Mapping[str, Any]) -> Verdict:
    """Tell whether a row's source says the same as before, something new, or against a correction.

    What was corrected here since is not overwritten by what the source says anew.
    """
    _uncover(row)
    before, now = (row.extra or {}).get("digest"), said["extra"]["digest"]
    if before == now:
        return "same"
    return "changed" if shapes.digest(resource_of(row)) == before else "corrected"


def record_of(patient_id: UUID) -> Iterator[Resource]:
    """Yield every resource of a patient's record, the patient first."""
    yield resource_of(Patient.objects.get(pk=patient_id))
    kinds: tuple[Any, ...] = (
        *(shape.model for shape in RECORD_SHAPES),
        ClinicalAttachment,
        BillingAttachment,
    )
    for model in kinds:
        rows = model._default_manager.filter(patient_id=patient_id).order_by("occurred_at", "id")
        for row in rows:
            yield resource_of(row)


def precision_of(row: models.Model, name: str) -> Precision:
    """Return how exact an instant of a row is known: a year alone, a month, a day, or the time."""
    shape = PATIENT if isinstance(row, Patient) else SHAPE_OF_MODEL.get(type(row))
    # A page shows whatever the record holds: an odd leftover of a source tells nothing about a date.
    extra = row.extra if shape else None  # type: ignore[attr-defined]
    kept = extra.get("elements") if isinstance(extra, dict) else None
    kept = kept if isinstance(kept, dict) else {}
    at = getattr(row, name)
    for element in shape.elements if shape else ():
        if name in element.fields and element.name in kept:
            for text in _texts(kept[element.name]):
                try:
                    moment = moments.read(text)
                except ValueError:
                    continue
                if moment.at == at:
                    return moment.precision
    return "instant"


def _texts(kept: Any) -> list[str]:
    parts = kept.values() if isinstance(kept, dict) else [kept]
    return [part for part in parts if isinstance(part, str)]
