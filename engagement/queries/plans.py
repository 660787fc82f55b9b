"""Plans of follow-up as pages show them, and what a rule must know of those that run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from engagement.models import Area, FollowUpPlan, PlanTemplate, Questionnaire, Task
from engagement.queries import areas
from patients.queries.chart import Chart
from security import context
from security.access.permissions import Permission
from security.models import User
from security.people import called
from security.sealing import SealBroken

Shown = dict[str, Any]
TONES = {"running": "info", "finished": "good", "ended": "neutral"}


def running_keys(patient_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """Return by which templates plans of these patients run; opened to decide and not to be shown."""
    found: dict[UUID, set[str]] = {}
    with context.matching():
        for plan in FollowUpPlan.objects.running().filter(patient_id__in=patient_ids):
            found.setdefault(plan.patient_id, set()).add(plan.template_key)
    return found


def startable(user: User) -> list[tuple[str, str]]:
    """Return the templates whose first step is somebody's own work, by name."""
    mine = set(areas.of(user))
    templates = PlanTemplate.objects.active().prefetch_related("steps")
    found = []
    for one in templates:
        first = min(one.steps.all(), key=lambda step: step.position, default=None)
        if first is not None and first.area in mine:
            found.append((str(one.pk), one.label))
    return sorted(found, key=lambda pair: pair[1])


def of_patient(chart: Chart) -> list[Shown]:
    """Return the plans of a patient that a reader may know of, the newest first."""
    readable = {area for area, permission in areas.READS.items() if chart.may(permission)}
    rows = FollowUpPlan.objects.filter(patient_id=chart.patient.pk).order_by("-started_at", "-pk")
    names = labels()
    shown = [row for row in rows.select_related("started_by")[:20] if readable & set(row.areas)]
    return [line(row, names, is_clinical=Area.CARE in readable) for row in shown]


def labels() -> Mapping[str, str]:
    """Return how templates are called, by their keys."""
    return {one.key: one.label for one in PlanTemplate.objects.all()}


def line(row: FollowUpPlan, names: Mapping[str, str], *, is_clinical: bool) -> Shown:
    """Return one plan; its name may tell a disease, so who does not care for the patient reads none."""
    shown: Shown = {
        "id": row.pk,
        "version": row.version,
        "state": row.get_state_display(),
        "tone": TONES[row.state],
        "is_running": row.state == FollowUpPlan.State.RUNNING,
        "starts_on": row.starts_on,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "started_by": called(row.started_by) or gettext("by a rule"),
        "name": gettext("Follow-up plan"),
        "reason": "",
        "broken": False,
    }
    if Area.CARE in row.areas and not is_clinical:
        return shown
    try:
        key, reason = row.template_key, row.reason
    except SealBroken:
        return shown | {"broken": True}
    return shown | {"name": names.get(key, key), "reason": reason}


def find(chart: Chart, plan_id: UUID) -> FollowUpPlan:
    """Return a plan of a patient that a reader may know of; raise FollowUpPlan.DoesNotExist."""
    rows = FollowUpPlan.objects.filter(patient_id=chart.patient.pk).select_related("started_by")
    row: FollowUpPlan = rows.get(pk=plan_id)
    if not any(chart.may(areas.READS[area]) for area in row.areas):
        raise FollowUpPlan.DoesNotExist
    return row


def may_end(chart: Chart, row: FollowUpPlan) -> bool:
    """Tell whether a reader may end a plan: care does where it takes part, else who works on it."""
    area = Area.CARE if Area.CARE in row.areas else next(iter(row.areas), Area.DESK)
    return row.state == FollowUpPlan.State.RUNNING and chart.may(areas.WRITES[area])


def tasks_of(chart: Chart, row: FollowUpPlan) -> list[Task]:
    """Return the tasks of a plan that a reader may read, in the order of their days."""
    readable = [area for area, permission in areas.READS.items() if chart.may(permission)]
    rows = Task.objects.filter(plan=row, area__in=readable).order_by("due_at", "pk")
    return list(rows.select_related("assignee", "unit", "done_by"))


def is_clinical(chart: Chart) -> bool:
    """Tell whether a reader may read what is clinical of a patient."""
    return chart.may(Permission.CLINICAL_READ)


def questionnaires(keys: Collection[str]) -> dict[str, Questionnaire]:
    """Return questionnaires by their keys."""
    return {one.key: one for one in Questionnaire.objects.filter(key__in=set(keys))}
