"""Colleagues who are patients: who must stay out of a record."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from patients.forms.teams import Colleague
from patients.queries import colleagues
from patients.queries.chart import banner
from patients.services import staff_links
from patients.views.chart import chart_of, sent
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.DEMOGRAPHICS_ASSIGN, of="patient_id")
def listed(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Show and note which colleagues must stay out of this record."""
    chart = chart_of(request, patient_id)
    form = Colleague(sent(request), staff=colleagues.staff())
    if form.is_valid():
        colleague = User.objects.get(pk=form.cleaned_data["colleague"])
        kind = form.cleaned_data["kind"]
        try:
            staff_links.declare(
                patient_id=patient_id, colleague=colleague, kind=kind, by=request.user
            )
        except staff_links.LinkedBefore as refusal:
            form.add_error("colleague", str(refusal.reason))
        else:
            messages.success(request, _("Noted. The colleague stays out of this record."))
            return redirect("patients:staff_links", patient_id=patient_id)
    page = {"form": form, "banner": banner(chart), "back_url": chart.url("access")}
    page |= {"links": colleagues.linked(patient_id), "patient_id": patient_id}
    return render(
        request, "patients/teams/staff_links.html", page, status=422 if form.errors else 200
    )


@require_POST
@requires(Permission.DEMOGRAPHICS_ASSIGN, of="patient_id", step_up=True)
def end(request: SignedInRequest, patient_id: UUID, link_id: UUID) -> HttpResponseBase:
    """End such a note."""
    staff_links.end(link_id=link_id, patient_id=patient_id, by=request.user)
    messages.success(request, _("The note was ended."))
    return redirect("patients:staff_links", patient_id=patient_id)
