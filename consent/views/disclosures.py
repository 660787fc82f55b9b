"""Disclosures to third parties: planned, looked at line by line, asked for, given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.forms.disclosures import Choose, Plan
from consent.models import Sharing
from consent.queries import disclosures as queries
from consent.queries.leaving import BESIDE, SECTIONS, part_of
from consent.services import disclosures, refusals
from security import context
from security.access.decision import decide
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, ASK = Permission.RIGHTS_READ, Permission.EXPORT_REQUEST


def _may(request: SignedInRequest, permission: Permission, patient_id: UUID) -> bool:
    return decide(request.user, permission, patient_id, context.current().purpose).allowed


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """List the disclosures that wait, or all of them."""
    is_all = request.GET.get("show") == "all"
    after = request.GET.get("after", "")
    page = queries.page(request.user, is_waiting=not is_all, after=after)
    if page["next"]:
        page["next_url"] = f"?{'show=all&' if is_all else ''}after={page['next']}"
    return render(request, "consent/disclosures/list.html", page | {"is_all": is_all})


@require_safe
@requires(READ, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """List what went, or is to go, to third parties of one patient."""
    after = request.GET.get("after", "")
    page = queries.page(request.user, is_waiting=False, patient_id=patient_id, after=after)
    page["next_url"] = f"?after={page['next']}" if page["next"] else None
    page |= {"patient_id": patient_id, "may_add": _may(request, ASK, patient_id)}
    return render(request, "consent/disclosures/patient.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Plan a disclosure: to whom, what for, which parts."""
    readable = [key for key, one in SECTIONS.items() if _may(request, one.permission, patient_id)]
    form = Plan(request.POST if request.method == "POST" else None, sections=readable)
    if form.is_valid():
        try:
            row = disclosures.prepare(patient_id=patient_id, planned=form.planned, by=request.user)
        except Refused as refusal:
            said = refusals.note(refusal, subjects=[patient_id], by=request.user)
            form.add_error(None, said)
        else:
            return redirect("consent:disclosure", patient_id, row.pk)
    page = {"form": form, "patient_id": patient_id, "readable": readable}
    return render(request, "consent/disclosures/new.html", page, status=422 if form.errors else 200)


def _found(patient_id: UUID, sharing_id: UUID) -> Sharing:
    rows = Sharing.objects.select_related("recipient", "processing", "prepared_by", "patient")
    return get_object_or_404(rows, pk=sharing_id, patient_id=patient_id)


@require_safe
@requires(READ, of="patient_id")
def one(request: SignedInRequest, patient_id: UUID, sharing_id: UUID) -> HttpResponse:
    """Show one disclosure; to who prepared it the lines that would leave."""
    return _show(request, _found(patient_id, sharing_id))


def _show(request: SignedInRequest, row: Sharing, sent: Choose | None = None) -> HttpResponse:
    is_mine = row.prepared_by_id == request.user.pk
    page: dict[str, Any] = {"row": queries.in_full(row), "is_mine": is_mine}
    if is_mine and row.state == Sharing.State.PREPARED and not page["row"]["broken"]:
        lines = disclosures.lines(row, request.user)
        page |= {
            "lines": [(line, part_of(line)) for line in lines],
            "beside": BESIDE,
            "form": sent or Choose(lines=lines, initial={"version": row.version, "kind": "csv"}),
        }
    status = 422 if sent is not None else 200
    return render(request, "consent/disclosures/disclosure.html", page, status=status)


@require_POST
@requires(ASK, of="patient_id", step_up=True)
def ask(request: SignedInRequest, patient_id: UUID, sharing_id: UUID) -> HttpResponseBase:
    """Ask for the file with the lines that stayed ticked."""
    row = _found(patient_id, sharing_id)
    if row.prepared_by_id != request.user.pk:
        messages.error(request, _("Somebody else prepared this disclosure."))
        return redirect("consent:disclosures")
    form = Choose(request.POST, lines=disclosures.lines(row, request.user))
    if not form.is_valid():
        return _show(request, row, form)
    try:
        disclosures.ask(sharing_id=row.pk, by=request.user, **form.said)
    except Refused as refusal:
        said = refusals.note(refusal, subjects=[patient_id], obj=row, by=request.user)
        messages.error(request, said)
        return redirect("consent:disclosure", patient_id, sharing_id)
    messages.success(request, _("Asked. A colleague of the compliance desk decides about it."))
    return redirect("security:exports")


@require_POST
@requires(ASK, of="patient_id")
def cancel(request: SignedInRequest, patient_id: UUID, sharing_id: UUID) -> HttpResponseBase:
    """Give a disclosure up."""
    row = _found(patient_id, sharing_id)
    try:
        disclosures.cancel(sharing_id=row.pk, by=request.user)
    except Refused as refusal:
        said = refusals.note(refusal, subjects=[patient_id], obj=row, by=request.user)
        messages.error(request, said)
        return redirect("consent:home")
    messages.success(request, _("Cancelled. Nothing leaves."))
    return redirect("consent:disclosures_of", patient_id)
