"""Retention: the rules, the legal holds, who is due, and runs that erase them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.forms import erasures as forms
from consent.models import Erasure, LegalHold, RetentionRule, RetentionRun
from consent.queries import due as due_list
from consent.queries import erasure_pages as pages
from consent.queries import holds as hold_rows
from consent.queries import retention
from consent.services import holds, refusals, retention_rules, retention_runs
from consent.views import erasures
from security.access.gate import (
    Refused,
    SignedInRequest,
    has_fresh_factor,
    requires,
    send_to_step_up,
)
from security.access.permissions import Permission

MANAGE, AGREE = Permission.RIGHTS_MANAGE, Permission.ADMINISTRATION_MANAGE


@require_safe
@requires(MANAGE)
def rules(request: SignedInRequest) -> HttpResponse:
    """Show every rule: what it keeps, by whose law, from when on, for how long."""
    return render(request, "consent/retention/rules.html", {"rows": pages.rule_rows()})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def rule(request: SignedInRequest, retention_key: str) -> HttpResponseBase:
    """Change one rule, with a reason."""
    try:
        row = retention.rule(retention_key)
    except RetentionRule.DoesNotExist:
        raise Http404 from None
    if request.method == "POST" and not has_fresh_factor(request):
        return send_to_step_up(request)
    form = forms.Rule(request.POST or None, initial=vars(row))
    if request.method == "POST" and form.is_valid():
        try:
            retention_rules.change(key=retention_key, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, by=request.user))
        else:
            messages.success(request, _("The rule was changed."))
            return redirect("consent:retention_rules")
    page = {"form": form, "rule": row, "period": pages.period(row)}
    status = 422 if request.method == "POST" else 200
    return render(request, "consent/retention/rule.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def hold_list(request: SignedInRequest) -> HttpResponseBase:
    """Show the legal holds, and set one."""
    form = forms.Hold(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            holds.set_hold(
                patient_id=said["subject"], seen=said["seen"], until_on=said["until_on"],
                reason=said["reason"], by=request.user,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, by=request.user))
        else:
            messages.success(request, _("The hold is set: nothing of it is erased."))
            return redirect("consent:holds")
    status = 422 if request.method == "POST" else 200
    rows = [
        row | {"lift": forms.Lift(auto_id=f"lift-{row['id']}-%s")} for row in hold_rows.listed()
    ]
    page = {"form": form, "rows": rows}
    return render(request, "consent/retention/holds.html", page, status=status)


@require_POST
@requires(MANAGE, step_up=True)
def lift(request: SignedInRequest, hold_id: UUID) -> HttpResponseBase:
    """Lift a hold, with a reason."""
    row = get_object_or_404(LegalHold, pk=hold_id)
    form = forms.Lift(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say in a few words why the hold is lifted."))
        return redirect("consent:holds")
    try:
        holds.lift(hold_id=row.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    return redirect("consent:holds")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def due(request: SignedInRequest) -> HttpResponseBase:
    """Show who is due, a dry run; plan the erasure of them all as one run."""
    if request.method == "POST":
        wanted = [one.patient_id for one in due_list.found() if not one.is_held]
        try:
            row = retention_runs.plan(patient_ids=wanted, by=request.user)
        except Refused as refusal:
            messages.error(request, refusals.note(refusal, by=request.user))
            return redirect("consent:due")
        return redirect("consent:run", row.pk)
    page = {"rows": due_list.page(request.user), "runs": pages.runs()}
    return render(request, "consent/retention/due.html", page)


@require_safe
@requires(MANAGE, AGREE)
def run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Show a run and every erasure of it."""
    row = get_object_or_404(
        RetentionRun.objects.select_related("planned_by", "approved_by"), pk=run_id
    )
    page = pages.run(row) | {"is_mine": row.planned_by_id == request.user.pk}
    return render(request, "consent/retention/run.html", page)


@require_POST
@requires(MANAGE, AGREE, step_up=True)
def run_approve(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Agree to a run as a whole."""
    row = get_object_or_404(RetentionRun, pk=run_id)
    try:
        retention_runs.approve(run_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    first = row.erasures.filter(state=Erasure.State.APPROVED).first()
    if first is not None:
        erasures.start(request, first)
    return redirect("consent:run", row.pk)
