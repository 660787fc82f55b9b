"""One task as its own page shows it: whose it is, what it belongs to, what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from engagement.models import QuestionnaireAnswer, Task
from engagement.queries import plans, questions, work
from security.models import User
from security.people import called
from security.sealing import SealBroken

Duty = Task.Duty
Shown = dict[str, Any]
# Where a duty is done best: the name of the page of the patient, and what the way there is called.
PLACES: Mapping[str, tuple[str, Promise]] = {
    Duty.ASSIGN: ("patients:access", _("Open the record")),
    Duty.RECORD: ("patients:patient", _("Open the record")),
    Duty.VISIT: ("patients:patient", _("Open the record")),
}


def of(user: User, row: Task) -> Shown:
    """Return a task with its patient, its plan, its answers and the way to do it."""
    shown = work.lines(user, [row], work.today())[0] | work.details(row)
    shown |= {
        "created_at": row.created_at,
        "done_by": called(row.done_by),
        "is_mine": row.assignee_id == user.pk,
        "contact_url": _contact(row),
        "plan": _plan(row),
        "answers": _answers(row),
    }
    place = PLACES.get(row.duty)
    if place is not None and shown["patient"]:
        shown["place"] = {"url": reverse(place[0], args=[row.patient_id]), "label": place[1]}
    return shown


def _contact(row: Task) -> str:
    address = reverse("engagement:contact_new", args=[row.patient_id])
    return f"{address}?area={row.area}&task={row.pk}" if row.state == Task.State.OPEN else ""


def _plan(row: Task) -> Shown | None:
    if row.plan is None:
        return None
    shown = plans.line(row.plan, plans.labels(), is_clinical=row.area == "care")
    return shown | {"url": reverse("engagement:plan", args=[row.patient_id, row.plan_id])}


def _answers(row: Task) -> list[Shown]:
    """Return what was answered; who works on a task with questions cares for the patient."""
    if not row.questions or row.state != Task.State.DONE:
        return []
    return answers_of(row.pk)


def answers_of(task_id: UUID) -> list[Shown]:
    """Return the answers to the questions of a task as lines."""
    found = QuestionnaireAnswer.objects.filter(task_id=task_id).first()
    if found is None:
        return []
    try:
        questionnaire = questions.find(found.questionnaire_key)
        return list(questions.lines(questionnaire, found)) if questionnaire else []
    except SealBroken:
        return []
