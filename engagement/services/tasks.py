"""Tasks about patients: made, given to somebody, handed on, done, given up; the last one ends its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import working_days
from engagement.models import Area, FollowUpPlan, QuestionnaireAnswer, Task
from engagement.queries import areas, executors, questions
from engagement.queries.executors import Executor
from security import trail
from security.access.gate import Refused
from security.models import User
from security.services import notices

State = Task.State
# What is due on a day is due at the end of the working day.
DUE_AT = time(17)
MOST_LETTERS = 4_000


class Closed(Refused):
    """The task is over, or somebody else changed it meanwhile."""


class NotTheirs(Refused):
    """Whoever is given the task could not do it."""


class SaysNothing(Refused):
    """A step needs its words."""


class TooLong(Refused):
    """What is said is longer than anybody reads."""


@dataclass(frozen=True, slots=True)
class What:
    """What is to be done, by when, and where it came from."""

    title: str
    due_at: datetime
    area: str = Area.CARE
    duty: str = Task.Duty.OTHER
    note: str = ""
    title_zh: str = ""
    questions: str = ""
    origin: str = ""
    origin_id: UUID | None = None


def due_at(day: date) -> datetime:
    """Return the instant until which something is to be done on a day, by the clock of the clinic."""
    return datetime.combine(day, DUE_AT, tzinfo=working_days.zone())


@transaction.atomic
def create(*, patient_id: UUID, what: What, executor: Executor, by: User | None) -> Task:
    """Make a task and give it to somebody who can do it, or to nobody yet."""
    row = made(patient_id, what, executor, by=by)
    row.save()
    _record("engagement.task.made", row, by=by)
    _tell(row, by)
    return row


def made(
    patient_id: UUID, what: What, executor: Executor, *, by: User | None, plan: Any = None
) -> Task:
    """Return a task that is not saved yet; raise NotTheirs, SaysNothing or TooLong."""
    _refuse_unless_fit(executor, what.area, patient_id)
    return Task(
        patient_id=patient_id,
        area=what.area,
        duty=what.duty,
        due_at=what.due_at,
        assignee_id=executor.user_id,
        unit_id=executor.unit_id,
        plan=plan,
        origin=what.origin,
        origin_id=what.origin_id,
        created_by=by,
        title=words(what.title),
        title_zh=what.title_zh,
        note=short(what.note),
        questions=what.questions,
    )


def words(text: str) -> str:
    """Return what was said without the space around it; raise SaysNothing or TooLong."""
    said = short(text)
    if not said:
        raise SaysNothing(_("Say it in a few words."))
    return said


def short(text: str) -> str:
    """Return a text that is not too long to keep; raise TooLong."""
    said = text.strip()
    if len(said) > MOST_LETTERS:
        raise TooLong(_("This is longer than 4,000 characters."))
    return said


def _refuse_unless_fit(executor: Executor, area: str, patient_id: UUID) -> None:
    if executor.user_id is not None:
        user = User.objects.staff().active().filter(pk=executor.user_id).first()
        if user is None or not areas.may_do(user, area, patient_id):
            raise NotTheirs(_("This colleague can not do it: the patient's data are not open."))
    if executor.unit_id is not None:
        there = {unit.pk for unit in executors.teams(patient_id)}
        if area != Area.CARE or executor.unit_id not in there:
            raise NotTheirs(_("The patient is not with this care team."))


def opened(task_id: UUID, version: int) -> Task:
    """Lock an open task that nobody changed since it was shown; raise Closed."""
    row: Task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    if row.state != State.OPEN:
        raise Closed(_("This task is over."))
    if row.version != version:
        raise Closed(_("Somebody changed this task meanwhile. Look at it again."))
    return row


@transaction.atomic
def assign(*, task_id: UUID, version: int, executor: Executor, by: User) -> Task:
    """Give a task to somebody, or take it oneself."""
    row = _given(opened(task_id, version), executor)
    _write(row)
    _record("engagement.task.assigned", row, by=by)
    _tell(row, by)
    return row


@transaction.atomic
def hand_on(*, task_id: UUID, version: int, executor: Executor, reason: str, by: User) -> Task:
    """Hand a task on to somebody else, who reads why."""
    row = _given(opened(task_id, version), executor)
    row.note = short("\n".join(filter(None, [row.note, words(reason)])))
    _write(row)
    _record("engagement.task.handed_on", row, by=by, reason=reason)
    _tell(row, by)
    return row


def _given(row: Task, executor: Executor) -> Task:
    _refuse_unless_fit(executor, row.area, row.patient_id)
    row.assignee_id, row.unit_id = executor.user_id, executor.unit_id
    _begin_anew(row)
    return row


def _begin_anew(row: Task) -> None:
    """Let whoever has it now be reminded from the beginning."""
    row.reminders, row.reminded_at, row.escalated_at = 0, None, None


@transaction.atomic
def postpone(*, task_id: UUID, version: int, due_on: date, reason: str, by: User) -> Task:
    """Move the day on which a task is due, for a reason."""
    row = opened(task_id, version)
    words(reason)
    row.due_at = due_at(due_on)
    _begin_anew(row)
    _write(row)
    _record("engagement.task.postponed", row, by=by, reason=reason)
    return row


@transaction.atomic
def done(
    *, task_id: UUID, version: int, result: str, answers: Mapping[str, Any] | None = None, by: User
) -> Task:
    """Note that a task is done, how it went, and what was answered where questions belong to it."""
    row = opened(task_id, version)
    row.result = short(result)
    rows: list[models.Model] = []
    if answers:
        said = QuestionnaireAnswer(
            patient_id=row.patient_id, task_id=row.pk, noted_by=by,
            questionnaire_key=row.questions, answers=dict(answers),
        )  # fmt: skip
        said.save()
        rows += [said, *_looked_at(row, answers, by)]
    return _closed("engagement.task.finished", row, State.DONE, by, rows)


def _looked_at(row: Task, answers: Mapping[str, Any], by: User) -> list[Task]:
    """Make the task to look at answers that are out of the ordinary, for the responsible doctor today."""
    questionnaire = questions.find(row.questions)
    if questionnaire is None or not questions.alarms(questionnaire, answers):
        return []
    what = What(
        title=gettext("Look at the answers"),
        due_at=timezone.now(),
        origin="answers",
        origin_id=row.pk,
    )
    doctor = executors.responsible([row.patient_id]).get(row.patient_id)
    try:
        then = made(row.patient_id, what, Executor(user_id=doctor), by=by)
    except NotTheirs:
        then = made(row.patient_id, what, Executor(), by=by)
    then.save()
    _tell(then, by)
    return [then]


@transaction.atomic
def cancel(*, task_id: UUID, version: int, reason: str, by: User) -> Task:
    """Give a task up, for a reason."""
    row = opened(task_id, version)
    row.result = words(reason)
    return _closed("engagement.task.cancelled", row, State.CANCELLED, by, [])


def _closed(action: str, row: Task, state: str, by: User, rows: Sequence[models.Model]) -> Task:
    row.state, row.done_at, row.done_by = state, timezone.now(), by
    _write(row)
    plan = finished_plan(row, by)
    trail.record(
        action,
        subjects=[row.patient_id],
        changed=[row, *rows, *([plan] if plan else [])],
        obj=row,
        by=by,
    )
    return row


def finished_plan(row: Task, by: User) -> FollowUpPlan | None:
    """End the plan of a task that was its last one; return it."""
    if row.plan_id is None:
        return None
    # Locked before it is counted: two last tasks at the same moment end it once.
    plan = FollowUpPlan.objects.running().select_for_update().filter(pk=row.plan_id).first()
    if plan is None or Task.objects.open().filter(plan_id=row.plan_id).exists():
        return None
    plan.state, plan.ended_at, plan.ended_by = FollowUpPlan.State.FINISHED, timezone.now(), by
    plan.advance()
    plan.save()
    return plan


def _write(row: Task) -> None:
    row.advance()
    row.save()


def _tell(row: Task, by: User | None) -> None:
    """Tell whoever was given a task by somebody else, and nothing of what it is."""
    if row.assignee_id is not None and by is not None and row.assignee_id != by.pk:
        notices.task_given(user=User.objects.get(pk=row.assignee_id), by=by)


def _record(action: str, row: Task, *, by: User | None, reason: str = "") -> None:
    trail.record(
        action, subjects=[row.patient_id], changed=[row], obj=row, by=by, reason=reason.strip()
    )
