"""Emergency access: finding who is meant, breaking the glass, ending it, and the list for review."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.emergency import BreakTheGlass, Finder
from patients.queries import drafts as drafts_of
from patients.queries import emergency
from patients.services import drafts, emergencies, emergency_finder
from patients.views.chart import sent
from security.access.gate import SignedInRequest, hidden, requires
from security.access.permissions import Permission

ASK = Permission.CLINICAL_REQUEST
DRAFT = "emergency"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, step_up=True)
def find(request: SignedInRequest) -> HttpResponse:
    """Find somebody who is not in one's care, for an emergency; what was typed is in no address."""
    form = Finder(sent(request))
    page: dict[str, object] = {"form": form, "stubs": None}
    if form.is_valid():
        try:
            page["stubs"] = emergency_finder.find(**form.cleaned_data, by=request.user)
        except emergency_finder.TooMany as refusal:
            form.add_error(None, str(refusal.reason))
            return render(request, "patients/emergency/find.html", page, status=429)
    status = 422 if form.errors else 200
    return render(request, "patients/emergency/find.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, of="patient_id", step_up=True)
def break_glass(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Break the glass of one chart; the page is the same whether there is such a patient or not."""
    kept = drafts_of.find(request.user, form=DRAFT, patient_id=None, target_id=patient_id)
    form = BreakTheGlass(sent(request), initial=dict(kept.content) if kept else None)
    if form.is_valid():
        lasts = timedelta(minutes=form.cleaned_data.pop("minutes"))
        try:
            emergencies.break_glass(
                patient_id=patient_id, lasts=lasts, by=request.user, **form.cleaned_data
            )
        except emergencies.AlreadyOpen as refusal:
            messages.info(request, str(refusal.reason))
        except emergencies.NobodyThere:
            emergencies.miss(patient_id=patient_id, by=request.user)
            return hidden(request, patient_id)
        drafts.drop(form=DRAFT, patient_id=None, target_id=patient_id, by=request.user)
        return redirect("patients:patient", patient_id=patient_id)
    page = {"form": form, "patient_id": patient_id, "kept_at": kept.updated_at if kept else None}
    return render(
        request, "patients/emergency/break.html", page, status=422 if form.errors else 200
    )


@require_POST
@requires(ASK, of="patient_id")
def end(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """End an emergency access before its time."""
    try:
        emergencies.end(patient_id=patient_id, by=request.user)
    except emergencies.NotOpen as refusal:
        messages.info(request, str(refusal.reason))
    else:
        messages.success(request, _("Emergency access ended. Thank you for closing the chart."))
    return redirect("crm:home")


@require_safe
@requires(Permission.INCIDENTS_MANAGE)
def review(request: SignedInRequest) -> HttpResponse:
    """List the emergency accesses that wait for a review."""
    page = emergency.for_review(request.user, after=request.GET.get("after", ""))
    return render(request, "patients/emergency/review.html", {"page": page})
