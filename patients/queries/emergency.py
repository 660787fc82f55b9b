"""Emergency accesses as pages show them: the stub of who is meant, banner, strip, list for review."""

from __future__ import annotations

from math import ceil
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from audit import persons
from patients.models import BreakGlass, Patient
from patients.queries import pages, people
from patients.queries.pages import Place
from security import context
from security.models import User
from security.people import called
from security.sealing import SealBroken

PAGE = 25


def stub(patient: Patient) -> dict[str, Any]:
    """Return who is meant, masked: enough to tell two people apart, too little to learn anything."""
    shown: dict[str, Any] = {"id": patient.pk, "broken": False}
    try:
        return shown | people.person(patient, is_masked=True)
    except SealBroken:
        return shown | {"broken": True}


def of_chart(reader: User, patient_id: UUID) -> dict[str, Any] | None:
    """Return the emergency access of this session to one chart, for its red banner."""
    row = _mine(reader).filter(patient_id=patient_id).defer("sealed").first()
    return None if row is None else _running(row)


def strip(reader: User) -> list[dict[str, Any]]:
    """Return the charts whose glass this session broke; they stand in no other list."""
    rows = list(_mine(reader).select_related("patient").order_by("ends_at", "pk")[:PAGE])
    return [
        _running(row) | stub(row.patient)
        | {"url": reverse("patients:patient", args=[row.patient_id])}
        for row in rows
    ]  # fmt: skip


def _mine(reader: User) -> Any:
    return BreakGlass.objects.in_force().of(reader, context.current().session_bond)


def _running(row: BreakGlass) -> dict[str, Any]:
    left = (row.ends_at - timezone.now()).total_seconds()
    return {
        "ends_at": row.ends_at,
        "minutes": max(1, ceil(left / 60)),
        "seconds": max(0, int(left)),
        "end_url": reverse("patients:glass_end", args=[row.patient_id]),
    }


def for_review(reader: User, *, after: str = "") -> dict[str, Any]:
    """Return one page of the emergency accesses that wait for a review, the newest first."""
    rows = BreakGlass.objects.select_related("user", "patient")
    found = list(pages.newest_first(rows, "starts_at", Place.read(after))[: PAGE + 1])
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    kept = persons.register().kept_from([reader.pk], [row.patient_id for row in shown])
    closed = {patient for _, patient in kept}
    closed |= {row.patient_id for row in shown if row.patient.merged_into_id in closed}
    return {
        "rows": [
            _reviewed(row, is_own=row.user_id == reader.pk or row.patient_id in closed)
            for row in shown
        ],
        "next_url": f"?after={Place(last.starts_at, last.pk).text()}" if last else None,
    }


def _reviewed(row: BreakGlass, *, is_own: bool) -> dict[str, Any]:
    """Return one of them; of the own access and of close family's record not whose it is, nor why."""
    shown = {
        "who": called(row.user),
        "is_own": is_own,
        "code": row.get_code_display(),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "minutes": ceil((row.ends_at - row.starts_at).total_seconds() / 60),
        "is_running": row.ends_at > timezone.now(),
    }
    if is_own:
        return shown | {"patient": None, "pseudonym": persons.pseudonym(row.patient_id)}
    try:
        reason = row.reason
    except SealBroken:
        reason = None
    return shown | {"patient": stub(row.patient), "reason": reason}
