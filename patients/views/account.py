"""Money on an invoice: what comes in, what goes back, the statement, and codes on claims."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from patients import currencies
from patients.forms import billing as forms
from patients.models import Invoice
from patients.queries import chart as charts
from patients.queries import drafts as kept_drafts
from patients.queries import invoices as queries
from patients.queries.chart import Chart
from security.access.gate import SignedInRequest


@dataclass(frozen=True, slots=True)
class Kept:
    """What was typed into a form and not saved, and when it was kept."""

    content: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def show(request: SignedInRequest, chart: Chart, row: Invoice, **bound: Form) -> HttpResponse:
    """Show an invoice with the forms that it takes; a form that was sent wrong comes back as it was."""
    start = {"form_id": queries.form_id()}
    owed = currencies.plain(row.balance, row.currency)
    paying = start | {"amount": owed, "received_on": timezone.localdate()}
    page = {
        "banner": charts.banner(chart),
        "patient_id": chart.patient.pk,
        "invoice": queries.page(chart, row),
        "payment": bound.get("payment") or forms.Payment(initial=paying),
        "refund": bound.get("refund") or forms.RefundRequest(initial=start),
        "cancellation": bound.get("cancellation") or forms.Cancellation(),
        "back_url": chart.url("billing"),
    }
    wrong = [name for name, form in bound.items() if form.errors]
    page["opened"] = wrong[0] if wrong else ""
    return render(request, "patients/desk/invoice.html", page, status=422 if wrong else 200)


def told(request: SignedInRequest, row: Invoice, sentence: str) -> HttpResponseBase:
    """Go back to the invoice and say why nothing was done."""
    messages.error(request, sentence)
    return redirect("patients:invoice", row.patient_id, row.pk)


def kept(request: SignedInRequest, patient_id: UUID) -> Kept:
    """Return what the writer typed for a new invoice of this patient and did not save."""
    found = kept_drafts.find(request.user, form="invoice", patient_id=patient_id)
    return Kept(dict(found.content), found.updated_at) if found else Kept()


def unbound(form: forms.Bill) -> forms.Bill:
    """Return a form with what was typed as its start, so that nothing counts as wrong yet."""
    start = {name: form.data.get(name) for name in form.fields}
    services = form.fields["line_1_price"].choices[1:]  # type: ignore[attr-defined]
    return type(form)(initial=start, services=services, lines=form.lines)
