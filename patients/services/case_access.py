"""The access of an open case: its officer reads the named patients, and no longer than it is open."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from patients.models import CareRelationship
from patients.services import relationships
from patients.services.relationships import Wanted
from security.models import User

CASE = CareRelationship.Source.CASE


@transaction.atomic
def let_in(user: User, patient_ids: Collection[UUID], by: User) -> None:
    """Give an officer the named patients; a second case about one of them gives nothing twice."""
    there = CareRelationship.objects.in_force().filter(
        user=user, source=CASE, patient_id__in=patient_ids
    )
    known = set(there.values_list("patient_id", flat=True))
    wanted = [Wanted(user.pk, one, CASE) for one in patient_ids if one not in known]
    relationships.grant_many(wanted=wanted, by=by)


@transaction.atomic
def let_out(user: User, patient_ids: Collection[UUID], by: User) -> None:
    """End an officer's access to patients whom no open case names any more."""
    relationships.lock(patient_ids=patient_ids)
    rows = CareRelationship.objects.in_force().filter(
        user=user, source=CASE, patient_id__in=patient_ids
    )
    relationships.end_rows(rows=list(rows.select_for_update(of=("self",))), by=by)
