"""Disclosures to others: noted, accounted for on the screen and on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from patients.forms.disclosures import Note
from patients.queries import disclosures as queries
from patients.queries.chart import Chart, banner
from patients.queries.statements import clinic_name
from patients.services import disclosures
from patients.views.chart import chart_of, sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE, ASK = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE, Permission.RIGHTS_REQUEST


@require_safe
@requires(READ, of="patient_id")
def accounting(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the accounting of six years; looking at it is one, for it is printed from here."""
    chart = chart_of(request, patient_id)
    page: dict[str, Any] = {
        "account": queries.of(patient_id),
        "banner": banner(chart),
        "clinic": clinic_name(),
    }
    page |= {"may_note": chart.may(MANAGE, ASK), "patient_id": patient_id}
    page["may_export"] = chart.may(MANAGE, Permission.EXPORT_REQUEST)
    page["back_url"] = chart.url("access")
    count = len(page["account"]["rows"])
    disclosures.account(patient_id=patient_id, count=count, by=request.user)
    return render(request, "patients/disclosures/accounting.html", page)


def _back(chart: Chart) -> str:
    """Return where somebody goes on: to the accounting, or to the record where that is not open."""
    if chart.may(READ):
        return reverse("patients:disclosures", args=[chart.patient.pk])
    return chart.url("summary")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE, ASK, of="patient_id")
def note(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Note a disclosure that was made outside the product."""
    chart, form = chart_of(request, patient_id), Note(sent(request))
    if form.is_valid():
        told = disclosures.Told(**form.cleaned_data)
        try:
            disclosures.note(patient_id=patient_id, told=told, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The disclosure is noted."))
            return redirect(_back(chart))
    page = {"form": form, "banner": banner(chart), "back_url": _back(chart)}
    status = 422 if form.errors else 200
    return render(request, "patients/disclosures/note.html", page, status=status)
