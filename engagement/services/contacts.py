"""Contacts with patients: noted with outcome and next step; the next step becomes a task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Interaction, Task
from engagement.queries.executors import Executor
from engagement.services import tasks
from engagement.services.tasks import What
from security import trail
from security.access.gate import Refused
from security.models import User

Outcome = Interaction.Outcome


class NotInTime(Refused):
    """A contact is noted after it was, not before."""


@dataclass(frozen=True, slots=True)
class Said:
    """A contact as whoever had it notes it."""

    area: str
    kind: str
    outcome: str
    summary: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done next, by when, by whom."""

    title: str
    due_on: date
    executor: Executor
    duty: str = Task.Duty.CALL


@dataclass(frozen=True, slots=True)
class For:
    """The task that a contact was for, as it was shown, and whether it is done with it."""

    task_id: UUID
    version: int
    is_done: bool


@transaction.atomic
def note(
    *, patient_id: UUID, said: Said, then: Next | None = None, task: For | None = None, by: User
) -> Interaction:
    """Note a contact; make the next task and close the one it was for, where there are such."""
    if said.occurred_at > timezone.now():
        raise NotInTime(_("This lies ahead. A contact is noted after it was."))
    row = Interaction(
        patient_id=patient_id, area=said.area, kind=said.kind, outcome=said.outcome,
        occurred_at=said.occurred_at, noted_by=by, task_id=task.task_id if task else None,
        summary=tasks.words(said.summary), next_step=then.title.strip() if then else "",
    )  # fmt: skip
    row.save()
    trail.record("engagement.contact.noted", subjects=[patient_id], changed=[row], obj=row, by=by)
    if task is not None and task.is_done:
        tasks.done(task_id=task.task_id, version=task.version, result=row.summary, by=by)
    if then is not None:
        what = What(
            title=then.title,
            due_at=tasks.due_at(then.due_on),
            area=said.area,
            duty=then.duty,
            origin="call",
            origin_id=row.pk,
        )
        tasks.create(patient_id=patient_id, what=what, executor=then.executor, by=by)
    return row
