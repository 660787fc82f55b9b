"""Recording who belongs to a patient, and correcting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from patients.models import Relation
from patients.services import drafts, versions
from security import trail
from security.models import User


@transaction.atomic
def add(
    *, patient_id: UUID, related_id: UUID | None, fields: Mapping[str, Any], by: User | None
) -> Relation:
    """Record what somebody is to a patient."""
    row = Relation(patient_id=patient_id, related_id=related_id, **fields)
    row.save(force_insert=True)
    trail.record(
        "patients.relation.added",
        subjects=[one for one in (patient_id, related_id) if one],
        changed=[row],
        obj=row,
        by=by,
    )
    if by is not None:
        drafts.drop(form="relation", patient_id=patient_id, by=by)
    return row


@transaction.atomic
def correct(
    *, relation_id: UUID, version: int, changes: Mapping[str, Any], reason: str, by: User
) -> Relation:
    """Correct or end what somebody is to a patient; the state before is kept."""
    row: Relation = versions.correct(
        model=Relation,
        row_id=relation_id,
        version=version,
        changes=changes,
        reason=reason,
        action="patients.relation.corrected",
        by=by,
    )
    drafts.drop(form="relation", patient_id=row.patient_id, target_id=row.pk, by=by)
    return row
