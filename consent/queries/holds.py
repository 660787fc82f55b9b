"""Legal holds: which stop the erasure of whom."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from consent.models import LegalHold
from patients.models import Encounter
from security.people import called
from security.sealing import SealBroken


def stopping(patient_ids: Collection[UUID]) -> dict[UUID, list[LegalHold]]:
    """Return the holds that stop an erasure of each of these patients; who is free has no entry."""
    found: dict[UUID, list[LegalHold]] = {}
    holds = list(LegalHold.objects.in_force())
    for hold in holds:
        for patient in [hold.patient_id] if hold.patient_id else _seen(hold, patient_ids):
            if patient in patient_ids:
                found.setdefault(patient, []).append(hold)
    return found


def _seen(hold: LegalHold, patient_ids: Collection[UUID]) -> list[UUID]:
    if hold.seen_from is None or hold.seen_until is None:
        return []
    # By the days of the clinic, and of any two days that a calendar has: nothing is reckoned with them.
    visits = Encounter._base_manager.filter(
        patient_id__in=patient_ids,
        occurred_at__date__gte=hold.seen_from,
        occurred_at__date__lte=hold.seen_until,
    )
    return list(visits.order_by().values_list("patient_id", flat=True).distinct())


def listed() -> list[dict[str, Any]]:
    """Return every hold for its page, those in force first."""
    rows = LegalHold.objects.select_related("set_by", "lifted_by").order_by("-set_at")[:200]
    shown = [_row(hold) for hold in rows]
    return sorted(shown, key=lambda row: not row["in_force"])


def _row(hold: LegalHold) -> dict[str, Any]:
    try:
        reason = hold.reason
    except SealBroken:
        reason = None
    is_over = hold.until_on is not None and hold.until_on < timezone.localdate()
    return {
        "id": hold.pk,
        "patient_id": hold.patient_id,
        "from": hold.seen_from and date_format(hold.seen_from),
        "to": hold.seen_until and date_format(hold.seen_until),
        "reason": reason,
        "by": called(hold.set_by),
        "at": date_format(timezone.localtime(hold.set_at)),
        "until": hold.until_on and date_format(hold.until_on),
        "lifted_by": called(hold.lifted_by),
        "in_force": hold.lifted_at is None and not is_over,
    }
