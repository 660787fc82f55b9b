"""Patients without a clinician, and giving them one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from patients.forms.assignment import Assignment
from patients.queries import colleagues, waiting
from patients.services import responsibilities
from security.access.gate import SignedInRequest, has_fresh_factor, requires, send_to_step_up
from security.access.permissions import Permission
from security.models import User


@require_safe
@requires(Permission.DEMOGRAPHICS_ASSIGN)
def unassigned(request: SignedInRequest) -> HttpResponse:
    """List who waits for a clinician."""
    form = Assignment(clinicians=colleagues.clinicians())
    page = waiting.page(request.user, after=request.GET.get("after", ""))
    return render(request, "patients/unassigned.html", {"page": page, "form": form})


@require_POST
@requires(Permission.DEMOGRAPHICS_ASSIGN)
def assign(request: SignedInRequest) -> HttpResponseBase:
    """Give the ticked patients to one clinician."""
    form = Assignment(request.POST, clinicians=colleagues.clinicians())
    if form.is_valid():
        patients = form.cleaned_data["patients"]
        is_fresh = has_fresh_factor(request)
        if not is_fresh and responsibilities.needs_factor(patients, by=request.user):
            return send_to_step_up(request)
        try:
            clinician = User.objects.get(pk=form.cleaned_data["doctor"])
            given = responsibilities.give(
                patient_ids=patients, clinician=clinician, is_fresh=is_fresh, by=request.user
            )
        except responsibilities.GivenMeanwhile as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return _given(request, given)
    page = waiting.page(request.user, ticked=frozenset(request.POST.getlist("patients")))
    return render(request, "patients/unassigned.html", {"page": page, "form": form}, status=422)


def _given(request: SignedInRequest, count: int) -> HttpResponseBase:
    said = ngettext("%(count)d patient given.", "%(count)d patients given.", count)
    messages.success(request, said % {"count": count})
    return redirect("patients:unassigned")
