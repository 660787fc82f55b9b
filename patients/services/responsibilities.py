"""Giving patients a responsible clinician."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, Patient, TeamAssignment
from patients.services import relationships
from patients.services.relationships import NotClinical, Wanted
from security import context
from security.access.categories import Reach
from security.access.decision import Decision, decide_many, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User


class NotYours(Refused):
    """One of the patients may not be given by this person."""


class GivenMeanwhile(Refused):
    """Somebody else gave one of the patients a clinician."""


@transaction.atomic
def give(*, patient_ids: Sequence[UUID], clinician: User, is_fresh: bool, by: User) -> int:
    """Make a clinician responsible for patients who have none; all of them, or none."""
    if reach_of_user(clinician, Permission.CLINICAL_READ) is not Reach.TEAM:
        raise NotClinical(_("Only people who care for patients can be given one."))
    made = _decisions(patient_ids, by=by)
    if not all(one.allowed or (one.step_up and is_fresh) for one in made.values()):
        raise NotYours(_("One of these patients is not open to you."))
    there = Patient.objects.select_for_update().filter(pk__in=patient_ids).order_by("pk")
    if len(there.values_list("pk", flat=True)) != len(made):
        raise NotYours(_("One of these patients is not open to you."))
    if _is_one_given(patient_ids):
        raise GivenMeanwhile(_("Somebody else has just given one of these patients a doctor."))
    source = CareRelationship.Source.RESPONSIBLE
    wanted = [Wanted(clinician.pk, one, source) for one in made]
    return relationships.grant_many(wanted=wanted, by=by)


def needs_factor(patient_ids: Sequence[UUID], *, by: User) -> bool:
    """Tell whether one of these patients is open to the person only with a fresh factor."""
    return any(made.step_up for made in _decisions(patient_ids, by=by).values())


def _decisions(patient_ids: Sequence[UUID], *, by: User) -> dict[UUID, Decision]:
    return decide_many(by, Permission.DEMOGRAPHICS_ASSIGN, patient_ids, context.current().purpose)


def _is_one_given(patient_ids: Sequence[UUID]) -> bool:
    here = Q(patient_id__in=patient_ids)
    responsible = CareRelationship.objects.in_force().filter(
        here, source=CareRelationship.Source.RESPONSIBLE
    )
    return responsible.exists() or TeamAssignment.objects.in_force().filter(here).exists()
