"""Restrictions: of one patient, on the chart; of everybody, for officers."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit import persons
from consent.forms.restrictions import Lift, Restrict
from consent.models import ProcessingRestriction
from consent.queries import restrictions as queries
from consent.services import refusals, restrictions
from patients.models import Patient
from security import context
from security.access.decision import decide
from security.access.gate import (
    Refused,
    SignedInRequest,
    has_fresh_factor,
    requires,
    send_to_step_up,
)
from security.access.permissions import Permission

READ, MANAGE, ASK = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE, Permission.RIGHTS_REQUEST


def _may(request: SignedInRequest, permission: Permission, patient_id: UUID) -> bool:
    return decide(request.user, permission, patient_id, context.current().purpose).allowed


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """List the restrictions in force, or those that are over."""
    is_over = request.GET.get("show") == "over"
    page = queries.page(request.user, is_over=is_over, after=request.GET.get("after", ""))
    if page["next"]:
        page["next_url"] = f"?{'show=over&' if is_over else ''}after={page['next']}"
    return render(request, "consent/restrictions/list.html", page | {"is_over": is_over})


@require_safe
@requires(READ, ASK, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show what is restricted of one patient: as a page, or as the part of one that asked for it."""
    if not Patient.objects.filter(pk=patient_id).exists():
        raise Http404
    manages = _may(request, MANAGE, patient_id)
    page = {
        "rows": queries.of_patient(patient_id, sees_reasons=_may(request, READ, patient_id)),
        "patient_id": patient_id,
        "manages": manages,
        "may_add": manages or _may(request, ASK, patient_id),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    name = "consent/restrictions/_rows.html" if is_fragment else "consent/restrictions/patient.html"
    return render(request, name, page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE, ASK, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Restrict what is done with a patient's data."""
    sent = request.POST if request.method == "POST" else None
    form = Restrict(sent, is_officer=_may(request, MANAGE, patient_id))
    if form.is_valid():
        try:
            restrictions.restrict(patient_id=patient_id, by=request.user, **form.cleaned_data)
        except restrictions.NobodyThere:
            raise Http404 from None
        except Refused as refusal:
            said = refusals.note(refusal, subjects=[patient_id], by=request.user)
            form.add_error(None, said)
        else:
            messages.success(request, _("Restricted. Every decision from now on keeps to it."))
            return redirect("consent:restrictions_of", patient_id)
    page = {"form": form, "patient_id": patient_id}
    return render(
        request, "consent/restrictions/new.html", page, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE, ASK, of="patient_id")
def lift(request: SignedInRequest, patient_id: UUID, restriction_id: UUID) -> HttpResponseBase:
    """Lift one restriction, once the person was told."""
    known = persons.register().former(patient_id)
    rows = ProcessingRestriction.objects.filter(patient__in=known).defer("sealed")
    row = get_object_or_404(rows, pk=restriction_id)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and row.kind == row.Kind.STORAGE and not has_fresh_factor(request):
        # It opens again what was only stored: as strong a deed as closing it.
        return send_to_step_up(request)
    form = Lift(sent, initial={"version": row.version})
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("version", "reason")}
        try:
            restrictions.lift(restriction_id=row.pk, by=request.user, **said)
        except Refused as refusal:
            why = refusals.note(refusal, subjects=[patient_id], obj=row, by=request.user)
            form.add_error(None, why)
        else:
            messages.success(request, _("Lifted. The data are used as before from now on."))
            return redirect("consent:restrictions_of", patient_id)
    page = {"form": form, "patient_id": patient_id, "row": row}
    return render(
        request, "consent/restrictions/lift.html", page, status=422 if form.errors else 200
    )
