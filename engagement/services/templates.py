"""Templates of follow-up: shipped, written, changed; by those who configure the clinic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import shipped, shipped_questions
from engagement.models import Area, PlanStep, PlanTemplate, Questionnaire
from security import trail
from security.access.gate import Refused
from security.models import User

MOST_STEPS = 30


class KeyTaken(Refused):
    """Another template is called so."""


class Unfit(Refused):
    """A step or rule can not be so."""


@transaction.atomic
def ship(*, by: User | None = None) -> int:
    """Make the shipped templates and questionnaires that are not there yet; return how many were made."""
    questions = {one.key: one for one in Questionnaire.objects.all()}
    there = set(PlanTemplate.objects.values_list("key", flat=True))
    made: list[models.Model] = []
    for key, (name, asked) in shipped_questions.QUESTIONNAIRES.items():
        if key not in questions:
            questions[key] = _questionnaire(key, name, asked)
            made.append(questions[key])
    for one in shipped.TEMPLATES:
        if one.key not in there:
            made += _template(one, questions, by)
    if made:
        counts = {"rows": len(made)}
        trail.record("engagement.template.shipped", changed=made, counts=counts, by=by)
    return len(made)


def _questionnaire(
    key: str, name: shipped_questions.Words, asked: tuple[shipped_questions.Question, ...]
) -> Questionnaire:
    questions = [
        asdict(one) | {"label": one.label[0], "label_zh": one.label[1], "alarm": dict(one.alarm)}
        for one in asked
    ]
    return Questionnaire.objects.create(key=key, name=name[0], name_zh=name[1], questions=questions)


def _template(
    one: shipped.Template, questions: Mapping[str, Questionnaire], by: User | None
) -> list[models.Model]:
    row = PlanTemplate.objects.create(
        key=one.key, name=one.name[0], name_zh=one.name[1], trigger=one.trigger,
        sentence=one.sentence[0], sentence_zh=one.sentence[1], criteria=dict(one.criteria),
        changed_by=by,
    )  # fmt: skip
    steps = [
        PlanStep(
            template=row, position=position, offset_days=step.offset_days, area=step.area,
            duty=step.duty, assignee_rule=step.assignee_rule, title=step.title[0],
            title_zh=step.title[1], questionnaire=questions.get(step.questions),
        )
        for position, step in enumerate(one.steps, start=1)
    ]  # fmt: skip
    return [row, *PlanStep.objects.bulk_create(steps)]


@transaction.atomic
def add(*, key: str, content: Mapping[str, Any], by: User) -> PlanTemplate:
    """Write a template; its steps are added to it."""
    _refuse_taken(content["name"], None, key)
    row = PlanTemplate(key=key, changed_by=by, **content)
    row.save()
    trail.record("engagement.template.added", changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def change(*, template_id: UUID, content: Mapping[str, Any], by: User) -> PlanTemplate:
    """Change what a template says; plans that run go on as they were begun."""
    row = PlanTemplate.objects.select_for_update().get(pk=template_id)
    _refuse_taken(content["name"], row.pk)
    for name, value in content.items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = timezone.now(), by
    row.save()
    trail.record("engagement.template.changed", changed=[row], obj=row, fields=content, by=by)
    return row


def _refuse_taken(name: str, besides: UUID | None, key: str = "") -> None:
    others = PlanTemplate.objects.exclude(pk=besides) if besides else PlanTemplate.objects.all()
    if others.filter(models.Q(name=name) | models.Q(key=key or "-")).exists():
        raise KeyTaken(_("Another template is called so."))


@transaction.atomic
def add_step(*, template_id: UUID, content: Mapping[str, Any], by: User) -> PlanStep:
    """Add a step behind the others; plans that run do not get it."""
    template = PlanTemplate.objects.select_for_update().get(pk=template_id)
    last = template.steps.aggregate(last=Max("position"))["last"] or 0
    if template.steps.count() >= MOST_STEPS:
        raise Unfit(_("A template has at most 30 steps."))
    if content.get("questionnaire") and content["area"] != Area.CARE:
        raise Unfit(_("Answers are health data: only who cares for the patient asks questions."))
    row = PlanStep(template=template, position=last + 1, **content)
    row.save()
    _touched("engagement.step.added", template, row, by)
    return row


@transaction.atomic
def remove_step(*, step_id: UUID, by: User) -> PlanTemplate:
    """Take a step out of a template; tasks that were made of it stay."""
    row = PlanStep.objects.select_related("template").select_for_update().get(pk=step_id)
    template: PlanTemplate = row.template
    gone = PlanStep(pk=row.pk)
    row.delete()
    template.changed_at, template.changed_by = timezone.now(), by
    template.save(update_fields=["changed_at", "changed_by"])
    trail.record("engagement.step.removed", changed=[template], deleted=[gone], obj=template, by=by)
    return template


def _touched(action: str, template: PlanTemplate, step: PlanStep, by: User) -> None:
    template.changed_at, template.changed_by = timezone.now(), by
    template.save(update_fields=["changed_at", "changed_by"])
    trail.record(action, changed=[template, step], obj=template, by=by)
