"""Whether somebody may ask about a person: as the person, a guardian, a representative, or a relative."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import RightsRequest
from patients.models import Patient, PortalAccount, Relation
from patients.queries import guardians
from security import context
from security.sealing import SealBroken, SealErased

Capacity = RightsRequest.Capacity
NOBODY = _("Nobody asks about another person's data without authority.")
NO_GUARDIAN = _(
    "No guardian of this patient is on record now; who was one before may not ask any more."
)
OF_AGE = _("The patient is old enough to ask alone; a guardian may not ask any more.")
ALIVE = _("Relatives ask for the deceased only; this patient is alive.")
UNREADABLE = _("The record can not be opened, so that nobody can tell who may ask.")
DECEASED = _("The patient died; close relatives may ask.")


def objection(row: RightsRequest, today: date) -> Promise | None:
    """Return why who asks may not ask about this person, or nothing; what is looked at is not shown."""
    if row.capacity == Capacity.OTHER:
        return NOBODY
    if row.patient_id is None:
        return None
    try:
        with context.matching():
            patient = Patient._base_manager.get(pk=row.patient_id)
            return _of_patient(row, patient, today)
    except SealErased:
        # Of whom nothing is left nothing is given out; the request that asked for it is answered.
        return None
    except SealBroken:
        return UNREADABLE


def died_before(patient: Patient, instant: datetime) -> bool:
    """Tell whether a patient was dead at an instant; without a time of death, whether dead at all."""
    died_at = patient.deceased_at
    return bool(patient.deceased) and (died_at is None or died_at <= instant)


def _of_patient(row: RightsRequest, patient: Patient, today: date) -> Promise | None:
    capacity = row.capacity
    if capacity == Capacity.RELATIVE:
        return None if patient.deceased else ALIVE
    if capacity == Capacity.SELF:
        return DECEASED if died_before(patient, row.received_at) else None
    if capacity == Capacity.GUARDIAN:
        if not guardians.is_minor(patient, today):
            return OF_AGE
        if row.way == RightsRequest.Way.PORTAL:
            return None if _is_linked(row) else NO_GUARDIAN
        found: QuerySet[Relation] = Relation.objects.filter(patient=patient)
        return None if any(_decides(one, today) for one in found) else NO_GUARDIAN
    return None


def _is_linked(row: RightsRequest) -> bool:
    """Tell whether the account that asked still opens the record."""
    links = PortalAccount.objects.in_force()
    return links.filter(patient=row.patient, user=row.noted_by).exists()


def _decides(row: Relation, day: date) -> bool:
    try:
        return bool(row.is_guardian) and row.holds_on(day)
    except SealBroken:
        return False
