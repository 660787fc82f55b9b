"""The relationship with one patient: its timeline, contacts, tasks and plans of follow-up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import contacts as contact_forms
from engagement.forms import plans as plan_forms
from engagement.forms import tasks as task_forms
from engagement.models import FollowUpPlan, PlanTemplate, Task
from engagement.queries import areas, executors, plans, timeline, work
from engagement.queries.executors import Executor
from engagement.services import contacts, tasks
from engagement.services import plans as deeds
from engagement.services.contacts import For, Next, Said
from engagement.services.plans import Began
from engagement.services.tasks import What
from patients.queries.chart import Chart, banner
from patients.views.chart import chart_of, opened, sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

TAB = "relationship"
READERS = (Permission.APPOINTMENTS_READ, Permission.CONSENT_READ)


@require_safe
@requires(*READERS, of="patient_id")
def index(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show what is to be done and everything that passed between the patient and the clinic."""
    chart, page = opened(request, patient_id, TAB)
    kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
    found = timeline.page(chart, kind=kind, after=after)
    page |= {
        "panel": "engagement/relationship/_panel.html",
        "patient_id": patient_id,
        "timeline": found,
        "areas": _areas(chart),
    }
    if found["next"]:
        page["next_url"] = f"?kind={found['kind']}&after={found['next']}"
    if not after:
        page |= {
            "tasks": work.of_patient(request.user, patient_id),
            "plans": plans.of_patient(chart),
        }
    return render(request, "patients/patient.html", page)


def _areas(chart: Chart) -> list[str]:
    """Return the areas in which the reader works for this patient."""
    return [area for area, permission in areas.WRITES.items() if chart.may(permission)]


def area_of(request: SignedInRequest, chart: Chart) -> str:
    """Return the area that the address names, if the reader works in it for this patient, else the first."""
    mine, wanted = _areas(chart), request.GET.get("area", "")
    if not mine:
        raise Http404
    return wanted if wanted in mine else mine[0]


def _frame(chart: Chart, area: str) -> dict[str, Any]:
    address = reverse("engagement:relationship", args=[chart.patient.pk])
    names = [
        {"key": key, "label": Task.Area(key).label, "active": key == area} for key in _areas(chart)
    ]
    return {"banner": banner(chart), "back_url": address, "area": area, "areas": names}


# --- contacts -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*areas.WORKERS, of="patient_id")
def note(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Note a contact, and what comes next."""
    chart = chart_of(request, patient_id)
    area = area_of(request, chart)
    task = _task(request, patient_id, area)
    start = {
        "occurred_at": contact_forms.now(),
        "is_done": True,
        "executor": Executor(user_id=request.user.pk).text,
        **({"version": task.version} if task else {}),
    }
    form = contact_forms.Contact(
        sent(request),
        initial=start,
        people=executors.choices(area, patient_id, request.user),
        has_task=task is not None,
    )
    if form.is_valid() and _noted(request, form, chart, area, task):
        messages.success(request, _("The contact was noted."))
        return redirect("engagement:relationship", patient_id)
    page = _frame(chart, area) | {"form": form, "task": task and work.line(task, work.today())}
    page["phones"] = work.phones(chart)
    status = 422 if form.errors else 200
    return render(request, "engagement/relationship/contact.html", page, status=status)


def _task(request: SignedInRequest, patient_id: UUID, area: str) -> Task | None:
    """Return the open task that a contact is for, where the address names one of this patient."""
    try:
        task_id = UUID(request.GET.get("task", ""))
    except ValueError:
        return None
    rows = areas.visible(request.user).open().select_related("assignee", "unit")
    row: Task | None = rows.filter(patient_id=patient_id, area=area, pk=task_id).first()
    return row


def _noted(
    request: SignedInRequest,
    form: contact_forms.Contact,
    chart: Chart,
    area: str,
    task: Task | None,
) -> bool:
    given = form.cleaned_data
    said = Said(area, given["kind"], given["outcome"], given["summary"], given["occurred_at"])
    then = None
    if given["next_step"]:
        duty = given["next_duty"] or Task.Duty.CALL
        then = Next(given["next_step"], given["next_on"], given["executor"], duty)
    about = For(task.pk, given["version"] or 0, bool(given["is_done"])) if task else None
    try:
        contacts.note(
            patient_id=chart.patient.pk, said=said, then=then, task=about, by=request.user
        )
    except Refused as refusal:
        form.add_error(None, str(refusal.reason))
        return False
    return True


# --- tasks ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*areas.WORKERS, of="patient_id")
def new_task(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Make a task about a patient."""
    chart = chart_of(request, patient_id)
    area = area_of(request, chart)
    people = executors.choices(area, patient_id, request.user)
    form = task_forms.NewTask(
        sent(request),
        initial={"due_on": work.today().day, "executor": Executor(user_id=request.user.pk).text},
        people=people,
    )
    if form.is_valid():
        given = form.cleaned_data
        what = What(
            given["title"], tasks.due_at(given["due_on"]), area, given["duty"], given["note"]
        )
        try:
            tasks.create(
                patient_id=patient_id, what=what, executor=given["executor"], by=request.user
            )
            return redirect("engagement:relationship", patient_id)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    page = _frame(chart, area) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "engagement/relationship/task.html", page, status=status)


# --- plans ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*areas.WORKERS, of="patient_id")
def start(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Start a plan of follow-up by a template."""
    chart = chart_of(request, patient_id)
    form = plan_forms.Start(
        sent(request),
        initial={"starts_on": work.today().day},
        templates=plans.startable(request.user),
    )
    if form.is_valid():
        template = PlanTemplate.objects.get(pk=form.cleaned_data["template"])
        began = Began(form.cleaned_data["starts_on"])
        try:
            deeds.start(patient_id=patient_id, template=template, began=began, by=request.user)
            return redirect("engagement:relationship", patient_id)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    page = _frame(chart, area_of(request, chart)) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "engagement/relationship/plan_start.html", page, status=status)


@require_safe
@requires(*READERS, of="patient_id")
def plan(request: SignedInRequest, patient_id: UUID, plan_id: UUID) -> HttpResponse:
    """Show one plan with its steps."""
    chart = chart_of(request, patient_id)
    return _plan_page(request, chart, _found(chart, plan_id))


def _found(chart: Chart, plan_id: UUID) -> FollowUpPlan:
    try:
        return plans.find(chart, plan_id)
    except FollowUpPlan.DoesNotExist:
        raise Http404 from None


def _plan_page(
    request: SignedInRequest, chart: Chart, row: FollowUpPlan, form: plan_forms.End | None = None
) -> HttpResponse:
    now = work.today()
    page = {
        "banner": banner(chart),
        "back_url": reverse("engagement:relationship", args=[chart.patient.pk]),
        "patient_id": chart.patient.pk,
        "plan": plans.line(row, plans.labels(), is_clinical=plans.is_clinical(chart)),
        "steps": [work.line(one, now) for one in plans.tasks_of(chart, row)],
        "may_open": _areas(chart),
    }
    if plans.may_end(chart, row):
        page["form"] = form or plan_forms.End(initial={"version": row.version})
    status = 422 if form else 200
    return render(request, "engagement/relationship/plan.html", page, status=status)


@require_POST
@requires(*areas.WORKERS, of="patient_id")
def end(request: SignedInRequest, patient_id: UUID, plan_id: UUID) -> HttpResponseBase:
    """End a plan early."""
    chart = chart_of(request, patient_id)
    row = get_object_or_404(FollowUpPlan, pk=_found(chart, plan_id).pk)
    if not plans.may_end(chart, row):
        raise Http404
    form = plan_forms.End(request.POST)
    if form.is_valid():
        try:
            deeds.end(plan_id=row.pk, by=request.user, **form.cleaned_data)
            return redirect("engagement:plan", patient_id, row.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    return _plan_page(request, chart, row, form)
