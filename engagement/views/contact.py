"""How one patient is written to: wishes, open ways, reminders and messages; a tab of the patient's page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from engagement.forms.contact import Wishes
from engagement.models import ContactPreference
from engagement.queries import contact as queries
from engagement.services import preferences
from patients.views.chart import chart_of, opened
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE = Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_WRITE
TAB = "contact"


@require_safe
@requires(READ, of="patient_id")
def contact(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show how a patient is written to, and what became of the latest messages."""
    chart, page = opened(request, patient_id, TAB)
    page |= {"panel": "engagement/contact/_index.html", "patient_id": patient_id}
    page["contact"] = queries.page(chart)
    return render(request, "patients/patient.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def change(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Take down what a patient wishes of messages."""
    chart = chart_of(request, patient_id)
    row = ContactPreference.objects.filter(patient_id=patient_id).first()
    form = Wishes(request.POST if request.method == "POST" else None, initial=_start(row))
    if form.is_valid():
        preferences.change(
            patient_id=chart.patient.pk, version=form.cleaned_data["version"],
            fields=form.fields_said(), by=request.user,
        )  # fmt: skip
        messages.success(request, _("Taken down. The next message keeps to it."))
        return redirect("engagement:contact", patient_id)
    page = {"form": form, "patient_id": patient_id}
    status = 422 if form.errors else 200
    return render(request, "engagement/contact/change.html", page, status=status)


def _start(row: ContactPreference | None) -> dict[str, object]:
    if row is None:
        return {"version": 0}
    named = dict(zip(("first", "second", "third"), row.channels, strict=False))
    begins, _dash, ends = row.quiet.partition("-")
    return named | {
        "version": row.version, "language": row.language, "quiet_from": begins, "quiet_to": ends,
        "note": row.note,
    }  # fmt: skip
