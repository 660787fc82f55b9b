"""Refunds that wait for a second person, and the last ones that were decided."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone

from patients import currencies
from patients.models import Patient, Refund
from patients.queries.colleagues import names_of
from patients.queries.desk import whom
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

WAITING, DECIDED = 50, 20


def page(user: User) -> dict[str, Any]:
    """Return the refunds that wait and those decided last."""
    patients = Patient.objects.visible_to(user, Category.BILLING)
    known = Refund.objects.filter(patient__in=patients.values("pk")).select_related("invoice")
    waiting = list(known.filter(status=Refund.Status.REQUESTED).order_by("requested_at")[:WAITING])
    decided = list(known.exclude(decided_by=None).order_by("-decided_at")[:DECIDED])
    everybody = waiting + decided
    shown = whom(user, [row.patient_id for row in everybody])
    deciders = {row.decided_by_id for row in decided if row.decided_by_id}
    named = names_of({row.requested_by_id for row in everybody} | deciders)
    limit = currencies.text(settings.REFUND_LIMIT, settings.CURRENCY)
    return {
        "limit": f"{limit} {settings.CURRENCY}",
        "waiting": [_row(user, row, shown, named) for row in waiting],
        "decided": [_row(user, row, shown, named) for row in decided],
    }


def _row(
    user: User, row: Refund, shown: dict[Any, dict[str, Any]], named: dict[Any, str]
) -> dict[str, Any]:
    try:
        reason, answer = row.reason or "", row.decision_reason or ""
    except SealBroken:
        reason = answer = "–"
    return {
        "url": reverse("patients:invoice", args=[row.patient_id, row.invoice_id]),
        "decide_url": reverse("patients:refund_decide", args=[row.patient_id, row.pk]),
        "number": row.invoice.number,
        "patient": shown.get(row.patient_id),
        "amount": currencies.text(row.amount, row.currency),
        "currency": row.currency,
        "method": row.get_method_display(),
        "reason": reason,
        "answer": answer,
        "by": named.get(row.requested_by_id, ""),
        "decided_by": named.get(row.decided_by_id, ""),
        "state": row.get_status_display(),
        "tone": "good" if row.status == Refund.Status.PAID else "neutral",
        "at": formats.date_format(timezone.localtime(row.requested_at), "SHORT_DATETIME_FORMAT"),
        "is_own": row.requested_by_id == user.pk,
    }
