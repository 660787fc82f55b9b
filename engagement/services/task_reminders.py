"""Telling executors what is due: in the morning, once more in the afternoon, then the whole unit.

People are told that something waits, never what. A task is told of at each stage once: its own columns
say how far it came, and they are written in the transaction that queues the notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from consent.queries import calendar
from engagement.models import Area, Task
from engagement.queries import areas, executors
from security import trail
from security.access.categories import Reach
from security.access.permissions import Permission
from security.models import User
from security.services import notices

BATCH = 500
# What happens next to a task whose executor was told so many times.
STAGES = ("first", "again", "escalated")


@dataclass(frozen=True, slots=True)
class Clock:
    """The instants of today at which people are told."""

    now: datetime
    morning: datetime
    afternoon: datetime
    evening: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """How many tasks were told of for the first time, again, and to the whole unit."""

    first: int = 0
    again: int = 0
    escalated: int = 0


def clock() -> Clock | None:
    """Return today's instants by the clinic's clock; None on a day off."""
    here = calendar.here()
    if not here.days.is_working(here.today):
        return None

    def at(text: str) -> datetime:
        return datetime.combine(here.today, time.fromisoformat(text), tzinfo=here.zone)

    morning, afternoon = map(at, settings.TASK_REMINDERS)
    return Clock(timezone.now(), morning, afternoon, at("23:59:59.999999"))


@transaction.atomic
def remind() -> Told:
    """Tell of what is due today or late: in the morning, in the afternoon, then the whole unit."""
    today = clock()
    if today is None or today.now < today.morning:
        return Told()
    due = Task.objects.open().filter(
        areas.there(), _waiting(today), due_at__lte=today.evening, escalated_at=None
    )
    locked = due.defer("sealed").order_by("due_at", "pk")
    locked = locked.select_for_update(of=("self",), skip_locked=True)
    staged: dict[str, list[Task]] = {stage: [] for stage in STAGES}
    for row in locked[:BATCH]:
        staged[STAGES[row.reminders]].append(row)
    if not any(staged.values()):
        return Told()
    _mark(staged, today.now)
    _tell(staged)
    counts = {stage: len(found) for stage, found in staged.items()}
    subjects = {row.patient_id for found in staged.values() for row in found}
    trail.record("engagement.task.reminded", subjects=subjects, counts=counts)
    return Told(**counts)


def _waiting(today: Clock) -> Q:
    """Return which tasks are told of now, by how often they were."""
    first, again, last = (Q(reminders=number) for number in range(len(STAGES)))
    escalated = last & Q(reminded_at__lt=today.morning)
    if today.now >= today.afternoon:
        return first | again & Q(reminded_at__lt=today.afternoon) | escalated
    # Whoever made it this morning knows of it.
    return first & Q(created_at__lt=today.morning) | escalated


def _mark(staged: dict[str, list[Task]], now: datetime) -> None:
    for number, stage in enumerate(STAGES[:-1], start=1):
        ids = [row.pk for row in staged[stage]]
        Task.objects.filter(pk__in=ids).update(reminders=number, reminded_at=now)
    ids = [row.pk for row in staged["escalated"]]
    Task.objects.filter(pk__in=ids).update(escalated_at=now)


def _tell(staged: dict[str, list[Task]]) -> None:
    every = [row for found in staged.values() for row in found]
    members = executors.members({row.unit_id for row in every if row.unit_id})
    again = _executors(staged["again"], members)
    first = _executors(staged["first"], members) - again
    leads = _leads(staged["escalated"], members)
    for user in _accounts(first | again | leads):
        if user.pk in first | again:
            notices.tasks_due(user=user, is_again=user.pk in again)
        if user.pk in leads:
            notices.tasks_escalated(user=user)


def _executors(rows: Sequence[Task], members: dict[UUID, list[UUID]]) -> set[UUID]:
    """Return who has tasks: a person, else everybody of the unit."""
    found: set[UUID] = set()
    for row in rows:
        if row.assignee_id:
            found.add(row.assignee_id)
        elif row.unit_id:
            found |= set(members.get(row.unit_id, ()))
    return found


def _leads(rows: Sequence[Task], members: dict[UUID, list[UUID]]) -> set[UUID]:
    """Return who answers for tasks: the unit, the responsible doctor, and whoever leads the area."""
    if not rows:
        return set()
    responsible = executors.responsible({row.patient_id for row in rows})
    found: set[UUID] = set()
    for row in rows:
        if row.unit_id:
            found |= set(members.get(row.unit_id, ()))
        if row.area == Area.CARE and row.patient_id in responsible:
            found.add(responsible[row.patient_id])
    if any(row.area == Area.DESK for row in rows):
        found |= _ids(executors.holders(Permission.DEMOGRAPHICS_ASSIGN, Reach.ALL))
    if any(row.area == Area.OUTREACH for row in rows):
        found |= _ids(executors.holders(Permission.CAMPAIGNS_WRITE, Reach.ALL))
    return found | _teammates(rows)


def _teammates(rows: Sequence[Task]) -> set[UUID]:
    """Return the care teams of the patients whose tasks no unit has."""
    alone = [row.patient_id for row in rows if row.area == Area.CARE and not row.unit_id]
    units = executors.teams_of(alone)
    found = executors.members({unit for ids in units.values() for unit in ids})
    return {user for ids in found.values() for user in ids}


def _ids(users: Iterable[User]) -> set[UUID]:
    return {user.pk for user in users}


def _accounts(ids: set[UUID]) -> list[User]:
    return list(User.objects.staff().active().filter(pk__in=ids).order_by("pk"))
