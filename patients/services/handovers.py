"""Handing patients over: from one clinician to another, or from one care team to another; all in one deed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, StaffLink, TeamAssignment
from patients.services import relationships, teams
from patients.services.relationships import NotClinical, Source, Wanted
from security import context, trail
from security.access.categories import Reach
from security.access.decision import Decision, decide_many, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import Unit, User

MOST = 200


class NotYours(Refused):
    """One of the patients may not be handed over by this person, or not without a fresh factor."""


class ChangedMeanwhile(Refused):
    """One of the patients is not with the one who hands over any more."""


class NotThisOne(Refused):
    """The one who takes over is the one who hands over, or must stay out of one of the records."""


@transaction.atomic
def to_clinician(
    *, patient_ids: Sequence[UUID], giver: User, taker: User, is_fresh: bool, by: User
) -> int:
    """Make another clinician responsible for these patients, and the giver no longer; all, or none."""
    if reach_of_user(taker, Permission.CLINICAL_READ) is not Reach.TEAM:
        raise NotClinical(_("Only people who care for patients can be given one."))
    if giver.pk == taker.pk:
        raise NotThisOne(_("Choose somebody else to take over."))
    ids = _allowed(patient_ids, giver=giver, is_fresh=is_fresh, by=by)
    relationships.lock(patient_ids=ids)
    links = StaffLink.objects.in_force().filter(user=taker, patient_id__in=ids)
    if links.exists():
        raise NotThisOne(_("This colleague cannot take over one of these patients."))
    rows = CareRelationship.objects.in_force().filter(
        user=giver, patient_id__in=ids, source=Source.RESPONSIBLE
    )
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if {row.patient_id for row in found} != set(ids):
        raise ChangedMeanwhile(_("The list has changed. Please look at it again."))
    relationships.end_rows(rows=found, by=by)
    relationships.grant_many(
        wanted=[Wanted(taker.pk, one, Source.RESPONSIBLE) for one in ids], by=by
    )
    _tell(ids, by=by)
    return len(ids)


@transaction.atomic
def to_team(
    *, patient_ids: Sequence[UUID], giver: Unit, taker: Unit, is_fresh: bool, by: User
) -> int:
    """Move these patients from one care team to another; all, or none."""
    if giver.pk == taker.pk:
        raise NotThisOne(_("Choose another team to take over."))
    ids = _allowed(patient_ids, giver=None, is_fresh=is_fresh, by=by)
    relationships.lock(patient_ids=ids)
    rows = TeamAssignment.objects.in_force().filter(unit=giver, patient_id__in=ids)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if {row.patient_id for row in found} != set(ids):
        raise ChangedMeanwhile(_("The list has changed. Please look at it again."))
    now = timezone.now()
    for row in found:
        row.ends_at, row.ended_by = max(now, row.starts_at), by
    TeamAssignment.objects.bulk_update(found, ["ends_at", "ended_by"])
    trail.record("patients.team.released", subjects=ids, changed=found, obj=giver, by=by)
    left = CareRelationship.objects.in_force().filter(
        source=Source.TEAM, unit=giver, patient_id__in=ids
    )
    relationships.end_rows(rows=list(left.select_for_update(of=("self",))), by=by)
    teams.assign(patient_ids=ids, unit=taker, by=by)
    _tell(ids, by=by)
    return len(ids)


def needs_factor(patient_ids: Sequence[UUID], *, by: User) -> bool:
    """Tell whether one of these patients is open to the person only with a fresh factor."""
    return any(made.step_up for made in _assigning(patient_ids, by).values())


def _allowed(
    patient_ids: Sequence[UUID], *, giver: User | None, is_fresh: bool, by: User
) -> list[UUID]:
    ids = list(dict.fromkeys(patient_ids))[: MOST + 1]
    if not ids or len(ids) > MOST:
        raise ChangedMeanwhile(_("Tick between 1 and 200 patients."))
    if giver is not None and giver.pk == by.pk:
        # The own patients: whoever is responsible for them may give them into other hands.
        made = decide_many(by, Permission.CLINICAL_READ, ids, context.current().purpose)
    else:
        made = _assigning(ids, by)
    if not all(one.allowed or (one.step_up and is_fresh) for one in made.values()):
        raise NotYours(_("One of these patients is not open to you."))
    return ids


def _assigning(ids: Sequence[UUID], by: User) -> dict[UUID, Decision]:
    return decide_many(by, Permission.DEMOGRAPHICS_ASSIGN, ids, context.current().purpose)


def _tell(ids: Sequence[UUID], *, by: User) -> None:
    counts = {"patients": len(ids)}
    trail.record("patients.handover.made", subjects=ids, counts=counts, by=by)
