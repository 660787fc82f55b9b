"""Colleagues who leave: what they are responsible for goes to a named successor, in one deed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from patients.queries import leaving
from patients.services import relationships
from patients.services.relationships import NotClinical, Source, Wanted
from security import context, trail
from security.access.categories import Reach
from security.access.decision import decide_many, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User


class NotLeaving(Refused):
    """The colleague has no last day and is at work: patients change hands one by one."""


class SamePerson(Refused):
    """The successor is the one who leaves."""


class SuccessorLeaves(Refused):
    """The successor leaves as well, or has left."""


class NothingHeld(Refused):
    """Nobody's responsible clinician is this colleague any more."""


class NotYours(Refused):
    """One of the patients may not be given by this person."""


@transaction.atomic
def hand_over(*, leaver_id: UUID, successor_id: UUID, is_fresh: bool, by: User) -> int:
    """Make a successor responsible for all patients of a colleague who leaves; return how many."""
    people = {
        user.pk: user
        for user in User.objects.select_for_update()
        .filter(pk__in=[leaver_id, successor_id])
        .order_by("pk")
    }
    leaver, successor = people.get(leaver_id), people.get(successor_id)
    _refuse_unfit(leaver, successor)
    held = list(leaving.responsible(leaver_id).order_by("patient_id"))
    if not held:
        raise NothingHeld(_("This colleague is responsible for nobody any more."))
    patients = list(dict.fromkeys(row.patient_id for row in held))
    made = decide_many(by, Permission.DEMOGRAPHICS_ASSIGN, patients, context.current().purpose)
    if not all(one.allowed or (one.step_up and is_fresh) for one in made.values()):
        raise NotYours(_("One of these patients is not open to you."))
    wanted = [Wanted(successor_id, patient, Source.RESPONSIBLE) for patient in patients]
    relationships.grant_many(wanted=wanted, by=by)
    relationships.lock(patient_ids={row.patient_id for row in held})
    relationships.end_rows(rows=held, by=by)
    trail.record(
        "patients.leaver.relieved",
        by=by,
        subjects=[leaver_id, successor_id],
        counts={"patients": len(patients)},
    )
    return len(patients)


def _refuse_unfit(leaver: User | None, successor: User | None) -> None:
    if leaver is None or not leaving.is_leaving(leaver):
        raise NotLeaving(_("This colleague does not leave."))
    if successor is None or successor.pk == leaver.pk:
        raise SamePerson(_("Choose another colleague as the successor."))
    if leaving.is_leaving(successor):
        raise SuccessorLeaves(_("This colleague leaves as well. Choose one who stays."))
    if reach_of_user(successor, Permission.CLINICAL_READ) is not Reach.TEAM:
        raise NotClinical(_("Only people who care for patients can be given one."))
