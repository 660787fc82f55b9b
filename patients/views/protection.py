"""Marking an entry of the record as specially protected."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.forms.note import Marking
from patients.models import Note, PatientRecord
from patients.queries import chart as charts
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY, KINDS, Kind
from patients.services import restrictions
from patients.services.versions import Conflict, NothingChanged
from patients.views.chart import chart_of
from patients.views.notes import FRAME
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RESTRICTED_WRITE, of="patient_id")
def mark(
    request: SignedInRequest, patient_id: UUID, kind: str, record_id: UUID
) -> HttpResponseBase:
    """Protect an entry, or lift its protection, for a reason."""
    chart = chart_of(request, patient_id)
    of, row = _entry(chart, kind, record_id)
    if request.method != "POST":
        return _asked(request, chart, of, row, _asking(row))
    form = Marking(request.POST)
    if not form.is_valid():
        return _asked(request, chart, of, row, form, status=422)
    try:
        restrictions.mark(model=of.model, row_id=row.pk, by=request.user, **form.cleaned_data)
    except Conflict:
        of, row = _entry(chart, kind, record_id)
        again = _asking(row, reason=form.cleaned_data["reason"])
        return _asked(request, chart, of, row, again, status=409)
    except NothingChanged:
        return redirect(_address(row))
    messages.success(request, _("The protection of the entry was changed."))
    return redirect(_address(row))


def _asked(
    request: SignedInRequest,
    chart: Chart,
    of: Kind,
    row: PatientRecord,
    form: Marking,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the entry and ask for the reason."""
    tab = "notes" if isinstance(row, Note) else "clinical"
    page = charts.frame(chart, tab) | {"panel": "patients/notes/_protection.html", "title": of.one}
    page |= {"form": form, "entry": of.line(row, True), "back_url": _address(row)}
    page["is_newer"] = status == 409
    return render(request, FRAME, page, status=status)


def _entry(chart: Chart, kind: str, record_id: UUID) -> tuple[Kind, PatientRecord]:
    if kind not in BY_KEY:
        raise Http404
    row = BY_KEY[kind].rows(chart.patient.pk, True).filter(pk=record_id).first()
    if row is None:
        raise Http404
    return BY_KEY[kind], row


def _asking(row: PatientRecord, reason: str = "") -> Marking:
    wanted = "1" if row.confidentiality == PatientRecord.Confidentiality.NORMAL else "0"
    return Marking(initial={"version": row.version, "is_restricted": wanted, "reason": reason})


def _address(row: PatientRecord) -> str:
    """Return where the entry is read."""
    if isinstance(row, Note):
        return reverse("patients:note", args=[row.patient_id, row.pk])
    place = next(kind.key for kind in KINDS if isinstance(row, kind.model))
    return f"{reverse('patients:clinical', args=[row.patient_id])}#section-{place}"
