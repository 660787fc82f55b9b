"""Whose work is whose: by which permission an area of work is done, and of which patients."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from consent.models import ScopeOutcome
from engagement.models import Area, Task
from engagement.models.task import TaskQuerySet
from patients.models import Patient
from security import context
from security.access.categories import Reach
from security.access.decision import Decision, decide, purposes_of, reach_of_user
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.classification import Category, Scope
from security.models import User

# Who works in an area, and whose data of which kind those are.
WRITES: Mapping[str, Permission] = {
    Area.CARE: Permission.CLINICAL_WRITE,
    Area.DESK: Permission.APPOINTMENTS_WRITE,
    Area.OUTREACH: Permission.CAMPAIGNS_WRITE,
}
READS: Mapping[str, Permission] = {
    Area.CARE: Permission.CLINICAL_READ,
    Area.DESK: Permission.APPOINTMENTS_READ,
    Area.OUTREACH: Permission.CAMPAIGNS_READ,
}
WORKERS = tuple(WRITES.values())


def of(user: User) -> list[str]:
    """Return the areas in which somebody works, care first."""
    return [
        str(area)
        for area, permission in WRITES.items()
        if reach_of_user(user, permission) is not Reach.NONE
    ]


def within(user: User) -> Q:
    """Return whose work somebody sees: per area of the patients that the area is open for.

    For outreach these are the patients who allowed it: the decision asks for consent, and so does this.
    """
    found = Q(pk__in=[])
    for area in of(user):
        known = Patient.objects.visible_to(user, _category(area))
        found |= Q(area=area, patient__in=known.values("pk"))
    return found


def _category(area: str) -> Category:
    return READS[area].category


def open_of(user: User) -> TaskQuerySet:
    """Return what somebody has to do, of patients whose record is there; fit to be counted on every page."""
    rows: TaskQuerySet = Task.objects.open().filter(there(), assignee=user)
    return rows


def there() -> Q:
    """Return the condition that a patient's record was neither merged into another nor erased."""
    erased = ScopeOutcome.objects.filter(
        outcome=ScopeOutcome.Outcome.ERASED,
        key_scope=Scope.RECORD,
        patient_id=OuterRef("patient_id"),
    )
    return Q(patient__merged_into=None) & ~Q(Exists(erased))


def visible(user: User) -> TaskQuerySet:
    """Return the tasks that somebody may work on."""
    rows: TaskQuerySet = Task.objects.filter(within(user))
    return rows


def find(user: User, task_id: UUID) -> Task:
    """Return a task that somebody may work on; raise Task.DoesNotExist."""
    row: Task = visible(user).select_related("assignee", "unit", "done_by", "plan").get(pk=task_id)
    return row


def decision(user: User, row: Task) -> Decision:
    """Return the decision on the patient of a task, by the permission of its area."""
    return decide(user, WRITES[row.area], row.patient_id, context.current().purpose)


def may_do(user: User, area: str, patient_id: UUID) -> bool:
    """Tell whether somebody could do a task of an area for a patient, emergencies aside."""
    return any(
        decide(user, WRITES[area], patient_id, str(purpose)).is_reachable
        for purpose in purposes_of(user)
        if purpose is not Purpose.ETREAT
    )
