"""The pages of one patient: every tab is a page of its own, behind its own gate."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from patients.models import Patient
from patients.queries import access as accesses
from patients.queries import billing as bills
from patients.queries import chart as charts
from patients.queries import clinical as entries
from patients.queries import summary as summaries
from patients.queries import timeline as timelines
from patients.queries.chart import Chart
from patients.services.charts import open_tab
from security.access.gate import SignedInRequest, has_fresh_factor, requires
from security.access.permissions import Permission

READ, READ_MASKED = Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED


def sent(request: SignedInRequest) -> QueryDict | None:
    """Return what a form sent, be it nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def chart_of(request: SignedInRequest, patient_id: UUID) -> Chart:
    """Return the chart of a patient whom the person may know of; what is hidden does not exist."""
    try:
        return charts.find(request.user, patient_id, is_fresh=has_fresh_factor(request))
    except Patient.DoesNotExist:
        raise Http404 from None


def opened(request: SignedInRequest, patient_id: UUID, tab: str) -> tuple[Chart, dict[str, Any]]:
    """Open a tab of a chart; every page of it is an opening, whatever its address says."""
    chart = chart_of(request, patient_id)
    open_tab(patient_id=patient_id, tab=tab, by=request.user)
    return chart, charts.frame(chart, tab)


@require_safe
@requires(READ, READ_MASKED, of="patient_id")
def summary(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show what matters today."""
    chart, page = opened(request, patient_id, "summary")
    page["summary"] = summaries.of(chart, page["banner"]["allergies"])
    return render(request, "patients/patient.html", page)


@require_safe
@requires(Permission.CLINICAL_READ, of="patient_id")
def timeline(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show everything that happened, in order."""
    chart, page = opened(request, patient_id, "timeline")
    kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
    page["timeline"] = timelines.page(chart, kind=kind, after=after)
    return render(request, "patients/patient.html", page)


@require_safe
@requires(Permission.CLINICAL_READ, of="patient_id")
def clinical(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the clinical record by kind of entry."""
    chart, page = opened(request, patient_id, "clinical")
    section, after = request.GET.get("section", ""), request.GET.get("after", "")
    page["clinical"] = entries.sections(chart, section=section, after=after)
    return render(request, "patients/patient.html", page)


@require_safe
@requires(Permission.BILLING_READ, of="patient_id")
def billing(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show bills and insurance."""
    chart, page = opened(request, patient_id, "billing")
    page["billing"] = bills.page(chart, after=request.GET.get("after", ""))
    return render(request, "patients/patient.html", page)


@require_safe
@requires(READ, READ_MASKED, of="patient_id")
def access(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show why the person sees this chart, and who else may."""
    chart, page = opened(request, patient_id, "access")
    page["access"] = accesses.explained(chart)
    return render(request, "patients/patient.html", page)
