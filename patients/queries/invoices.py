"""The invoices of one patient, as far as the reader may see them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Sum
from django.urls import reverse
from django.utils import formats, timezone

from patients import currencies
from patients.models import Invoice, Payment, Refund
from patients.queries import desk, prices
from patients.queries.chart import Chart
from patients.queries.colleagues import names_of
from security.access.permissions import Permission
from security.sealing import SealBroken

SHOWN = 30
Shown = dict[str, Any]


def account(chart: Chart) -> Shown:
    """Return a patient's latest invoices and what is owed in each currency."""
    found = list(of_patient(chart).order_by("-created_at", "-pk")[:SHOWN])
    owed = of_patient(chart).open().order_by().values("currency").annotate(sum=Sum("balance"))
    writes = chart.may(Permission.BILLING_WRITE)
    return {
        "rows": _rows(chart, found),
        "owed": [
            {
                "amount": currencies.text(one["sum"], one["currency"]),
                "currency": one["currency"],
            }
            for one in sorted(owed, key=lambda one: str(one["currency"]))
        ],
        "new_url": (reverse("patients:invoice_new", args=[chart.patient.pk]) if writes else None),
        "statement_url": (
            reverse("patients:statement", args=[chart.patient.pk]) if writes and found else None
        ),
    }


def of_patient(chart: Chart) -> Any:
    """Return the patient's invoices that the reader may see: drafts only those who write them."""
    found = Invoice.objects.filter(patient_id=chart.patient.pk)
    return found if chart.may(Permission.BILLING_WRITE) else found.filter(status="issued")


def find(chart: Chart, invoice_id: UUID) -> Invoice:
    """Return one of the patient's invoices; raise Invoice.DoesNotExist."""
    found: Invoice = of_patient(chart).get(pk=invoice_id)
    return found


def page(chart: Chart, one: Invoice) -> Shown:
    """Return an invoice with its lines, what came in and what went back."""
    note = Invoice.objects.filter(cancels=one).first()
    today = timezone.localdate()
    writes = chart.may(Permission.BILLING_WRITE)
    is_bill = one.is_issued and one.kind == Invoice.Kind.INVOICE
    patient = {"masked": chart.is_masked}
    taken, returned = _payments(one), _refunds(one)
    return desk.row(one, patient, today, is_cancelled=note is not None) | {
        "id": str(one.pk),
        "version": one.version,
        "is_draft": not one.is_issued,
        "is_note": one.kind == Invoice.Kind.CREDIT_NOTE,
        "is_bill": is_bill,
        "lines": lines(chart, one),
        "payments": taken,
        "refunds": returned,
        "note": _link(note),
        "cancels": _link(one.cancels),
        "cancel_reason": _opened(one, "cancel_reason") if writes else "",
        "may_write": writes,
        "may_pay": writes and is_bill and one.balance > 0,
        "may_cancel": writes and is_bill and note is None,
    }


def lines(chart: Chart, one: Invoice) -> list[Shown] | None:
    """Return the lines of an invoice; None where the reader may not know what was done, or cannot."""
    if not chart.may(Permission.BILL_DIAGNOSIS_READ):
        return None
    try:
        found = one.lines or ()
    except SealBroken:
        return None
    return [
        {
            "code": line["code"],
            "name": prices.in_words(line["name"], line["name_zh"]),
            "quantity": line["quantity"],
            "unit": currencies.text(_number(line["unit"]), one.currency),
            "amount": currencies.text(_number(line["amount"]), one.currency),
        }
        for line in found
    ]


def initial(one: Invoice) -> Shown:
    """Return an invoice as its form takes it."""
    shown: Shown = {"currency": one.currency, "due_on": one.due_on, "payer": one.payer or ""}
    for place, line in enumerate(one.lines or (), start=1):
        shown[f"line_{place}_price"] = line["price"]
        shown[f"line_{place}_quantity"] = line["quantity"]
    return shown


def form_id() -> str:
    """Return what marks one page's form, so that sending it twice counts once."""
    return str(uuid4())


def _number(text: str) -> Any:
    return Decimal(text)


def _rows(chart: Chart, found: list[Invoice]) -> list[Shown]:
    cancelled = set(
        Invoice.objects.filter(cancels__in=[one.pk for one in found]).values_list(
            "cancels_id", flat=True
        )
    )
    today, patient = timezone.localdate(), {"masked": chart.is_masked}
    return [
        desk.row(one, patient, today, is_cancelled=one.pk in cancelled) | {"patient": None}
        for one in found
    ]


def _link(one: Invoice | None) -> Shown | None:
    if one is None:
        return None
    url = reverse("patients:invoice", args=[one.patient_id, one.pk])
    return {"url": url, "number": one.number}


def _payments(one: Invoice) -> list[Shown]:
    found = list(Payment.objects.filter(invoice=one).order_by("pk"))
    named = names_of({row.taken_by_id for row in found})
    return [
        {
            "day": formats.date_format(row.received_on, "DATE_FORMAT"),
            "method": row.get_method_display(),
            "amount": currencies.text(row.amount, row.currency),
            "by": named.get(row.taken_by_id, ""),
            "reference": _opened(row, "reference"),
        }
        for row in found
    ]


def _refunds(one: Invoice) -> list[Shown]:
    found = list(Refund.objects.filter(invoice=one).order_by("pk"))
    deciders = {row.decided_by_id for row in found if row.decided_by_id}
    named = names_of({row.requested_by_id for row in found} | deciders)
    tones = {"requested": "warn", "refused": "neutral", "paid": "good"}
    return [
        {
            "day": formats.date_format(timezone.localtime(row.requested_at), "DATE_FORMAT"),
            "method": row.get_method_display(),
            "amount": currencies.text(row.amount, row.currency),
            "by": named.get(row.requested_by_id, ""),
            "decided_by": named.get(row.decided_by_id, "") if row.decided_by_id else "",
            "state": row.get_status_display(),
            "tone": tones.get(row.status, "neutral"),
            "reason": _opened(row, "reason"),
        }
        for row in found
    ]


def _opened(row: Any, name: str) -> str:
    try:
        return getattr(row, name) or ""
    except SealBroken:
        return "–"
