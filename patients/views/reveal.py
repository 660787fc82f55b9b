"""One masked number in the clear, for a moment."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from patients.queries.chart import banner
from patients.services import reveals
from patients.views.chart import chart_of
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

HIDE_AFTER = 60


@require_POST
@requires(Permission.IDENTIFIERS_READ, of="patient_id", step_up=True)
def reveal(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show one number: in its place on the page, or as a page of its own without script."""
    chart = chart_of(request, patient_id)
    try:
        found = reveals.reveal(chart=chart, field=request.POST.get("field", ""), by=request.user)
    except reveals.NothingThere:
        return render(request, "400.html", status=400)
    page = {"value": found.value, "what": found.what, "hide_after": HIDE_AFTER}
    if request.headers.get("HX-Request") == "true":
        return render(request, "patients/_reveal.html", page)
    page |= {"banner": banner(chart), "back_url": chart.url("summary")}
    return render(request, "patients/reveal.html", page)
