"""Templates of follow-up: read by who works with them, written by who configures the clinic."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import plans as forms
from engagement.models import PlanStep, PlanTemplate, Task
from engagement.queries import areas
from engagement.services import templates
from patients.views.chart import sent
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

MANAGE = Permission.ADMINISTRATION_MANAGE
DUTIES = dict(Task.Duty.choices)


def manages(request: SignedInRequest) -> bool:
    """Tell whether the person may write templates."""
    return reach_of_user(request.user, MANAGE) is Reach.ALL


@require_safe
@requires(*areas.WORKERS, MANAGE)
def listed(request: SignedInRequest) -> HttpResponse:
    """List the templates."""
    rows = PlanTemplate.objects.prefetch_related("steps")
    shown = sorted(rows, key=lambda row: (not row.is_active, row.trigger, row.label))
    page = {"rows": shown, "manages": manages(request)}
    return render(request, "engagement/plans/list.html", page)


@require_POST
@requires(MANAGE)
def ship(request: SignedInRequest) -> HttpResponse:
    """Bring in the templates that come with the product and are not there yet."""
    count = templates.ship(by=request.user)
    messages.success(request, _("Brought in: %(count)d") % {"count": count})
    return redirect("engagement:templates")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Write a new template."""
    form = forms.Template(sent(request))
    if form.is_valid():
        try:
            row = templates.add(key=form.key(), content=form.content(), by=request.user)
            return redirect("engagement:template", row.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    status = 422 if form.errors else 200
    return render(request, "engagement/plans/form.html", {"form": form}, status=status)


@require_safe
@requires(*areas.WORKERS, MANAGE)
def template(request: SignedInRequest, template_id: UUID) -> HttpResponse:
    """Show a template with its steps."""
    return shown(request, get_object_or_404(PlanTemplate, pk=template_id))


def shown(
    request: SignedInRequest, row: PlanTemplate, form: forms.Step | None = None
) -> HttpResponse:
    """Show a template; the step that was refused says why."""
    steps = row.steps.select_related("questionnaire").order_by("offset_days", "position")
    page: dict[str, Any] = {
        "row": row,
        "steps": [{"step": one, "duty": DUTIES.get(one.duty, "")} for one in steps],
        "manages": manages(request),
    }
    if page["manages"]:
        page["form"] = form or forms.Step()
    status = 422 if form else 200
    return render(request, "engagement/plans/template.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def change(request: SignedInRequest, template_id: UUID) -> HttpResponseBase:
    """Change what a template says and what its rule looks for."""
    row = get_object_or_404(PlanTemplate, pk=template_id)
    form = forms.Template(sent(request), initial=forms.initial_of(row))
    if form.is_valid():
        try:
            templates.change(template_id=row.pk, content=form.content(), by=request.user)
            return redirect("engagement:template", row.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    status = 422 if form.errors else 200
    page = {"form": form, "row": row}
    return render(request, "engagement/plans/form.html", page, status=status)


@require_POST
@requires(MANAGE)
def add_step(request: SignedInRequest, template_id: UUID) -> HttpResponseBase:
    """Add a step to a template."""
    row = get_object_or_404(PlanTemplate, pk=template_id)
    form = forms.Step(request.POST)
    if form.is_valid():
        try:
            templates.add_step(template_id=row.pk, content=form.cleaned_data, by=request.user)
            return redirect("engagement:template", row.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
    return shown(request, row, form)


@require_POST
@requires(MANAGE)
def remove_step(request: SignedInRequest, step_id: UUID) -> HttpResponse:
    """Take a step out of a template."""
    step = get_object_or_404(PlanStep, pk=step_id)
    row = templates.remove_step(step_id=step.pk, by=request.user)
    return redirect("engagement:template", row.pk)
