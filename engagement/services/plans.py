"""Plans of follow-up: started by somebody or by a rule, once for what started them; ended early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.queries import standing
from engagement.models import Area, FollowUpPlan, PlanStep, PlanTemplate, Task
from engagement.queries import areas, executors
from engagement.queries import plans as queries
from engagement.queries.executors import Executor
from engagement.services import tasks
from engagement.services.tasks import NotTheirs, What
from security import trail
from security.access.gate import Refused
from security.models import User

State, Rule = FollowUpPlan.State, PlanStep.Assignee
# What care for a patient is called in the register of purposes.
PURPOSE = "care"


class AlreadyStarted(Refused):
    """The same plan runs already, or was started by the same row before."""


class NotNow(Refused):
    """The plan can not be started or ended so."""


@dataclass(frozen=True, slots=True)
class Began:
    """What started a plan: the day from which its steps are counted, and the row that a rule found."""

    starts_on: date
    once_key: bytes | None = None


@transaction.atomic
def start(
    *, patient_id: UUID, template: PlanTemplate, began: Began, by: User | None
) -> FollowUpPlan:
    """Start a plan for a patient and make the tasks of all its steps."""
    steps = list(template.steps.select_related("questionnaire").order_by("position"))
    _refuse_unless_fit(patient_id, template, steps)
    plan = FollowUpPlan(
        patient_id=patient_id,
        areas=sorted({step.area for step in steps}),
        starts_on=began.starts_on,
        once_key=began.once_key,
        started_by=by,
        template_key=template.key,
    )
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError:
        raise AlreadyStarted(_("This plan was started before.")) from None
    made = _tasks(plan, steps, by)
    trail.record(
        "engagement.plan.started",
        subjects=[patient_id],
        changed=[plan, *made],
        obj=plan,
        counts={"tasks": len(made)},
        by=by,
    )
    return plan


def _refuse_unless_fit(patient_id: UUID, template: PlanTemplate, steps: Sequence[PlanStep]) -> None:
    if not template.is_active or not steps:
        raise NotNow(_("This template has no steps, or is not used any more."))
    allowed = standing.may(patient_id, PURPOSE)
    if not allowed.allowed:
        raise NotNow(allowed.reason)
    if template.key in queries.running_keys([patient_id]).get(patient_id, set()):
        raise AlreadyStarted(_("The same plan runs already."))


def _tasks(plan: FollowUpPlan, steps: Sequence[PlanStep], by: User | None) -> list[Task]:
    givers = _Givers(plan.patient_id, by)
    made = []
    for step in steps:
        what = What(
            title=step.title,
            title_zh=step.title_zh,
            due_at=tasks.due_at(plan.starts_on + timedelta(days=step.offset_days)),
            area=step.area,
            duty=step.duty,
            questions=step.questionnaire.key if step.questionnaire else "",
            origin="plan",
            origin_id=plan.pk,
        )
        row = _made(plan, what, givers.of(step), by)
        row.save()
        made.append(row)
    return made


def _made(plan: FollowUpPlan, what: What, executor: Executor, by: User | None) -> Task:
    try:
        return tasks.made(plan.patient_id, what, executor, by=by, plan=plan)
    except NotTheirs:
        # Whoever the rule names may be on leave, or kept out of this record: then somebody takes it.
        return tasks.made(plan.patient_id, what, Executor(), by=by, plan=plan)


class _Givers:
    """Who gets the steps of one plan; each is looked for once."""

    def __init__(self, patient_id: UUID, by: User | None) -> None:
        self.by = by
        self.responsible = executors.responsible([patient_id]).get(patient_id)
        self.team = next((unit.pk for unit in executors.teams(patient_id)), None)

    def of(self, step: PlanStep) -> Executor:
        """Return who gets a step."""
        if step.assignee_rule == Rule.STARTER and self.by is not None:
            return Executor(user_id=self.by.pk)
        if step.assignee_rule == Rule.NOBODY or step.area == Area.OUTREACH:
            return Executor()
        if step.assignee_rule == Rule.TEAM and step.area == Area.CARE and self.team:
            return Executor(unit_id=self.team)
        return Executor(user_id=self.responsible) if self.responsible else Executor()


def may_start(user: User, template: PlanTemplate) -> bool:
    """Tell whether somebody may start a template: whoever does its first step."""
    first = min(template.steps.all(), key=lambda step: step.position, default=None)
    return first is not None and first.area in areas.of(user)


@transaction.atomic
def end(*, plan_id: UUID, version: int, reason: str, by: User) -> FollowUpPlan:
    """End a plan early, for a reason; its open tasks are given up with it."""
    plan: FollowUpPlan = FollowUpPlan.objects.select_for_update().get(pk=plan_id)
    if plan.state != State.RUNNING or plan.version != version:
        raise NotNow(_("This plan is over, or somebody changed it meanwhile."))
    said, now = tasks.words(reason), timezone.now()
    plan.state, plan.ended_at, plan.ended_by, plan.reason = State.ENDED, now, by, said
    plan.advance()
    plan.save()
    given_up = list(Task.objects.open().filter(plan=plan).select_for_update(of=("self",)))
    for row in given_up:
        row.state, row.done_at, row.done_by = Task.State.CANCELLED, now, by
        row.result = said
        row.advance()
        row.save()
    trail.record(
        "engagement.plan.ended",
        subjects=[plan.patient_id],
        changed=[plan, *given_up],
        obj=plan,
        counts={"tasks": len(given_up)},
        by=by,
    )
    return plan
