"""Who has nobody that looks after them: reception gives them a responsible doctor."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef

from patients.models import CareRelationship, Patient, TeamAssignment


def missing_among(patient_ids: Collection[UUID]) -> list[UUID]:
    """Return the patients among some whom no relationship and no team reaches, the oldest first."""
    cared_for = CareRelationship.objects.in_force().filter(patient_id=OuterRef("pk"))
    in_team = TeamAssignment.objects.in_force().filter(patient_id=OuterRef("pk"))
    rows = Patient.objects.filter(~Exists(cared_for), ~Exists(in_team), pk__in=list(patient_ids))
    return list(rows.order_by("created_at", "pk").values_list("pk", flat=True))
