"""Disclosures to third parties as pages show them: lists without anything of the record, one in full."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from consent.models import Recipient, Sharing
from consent.queries.leaving import SECTIONS
from patients.models import Patient
from security.classification import Category
from security.models import User
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken

PAGE = 50
TONES = {
    Sharing.State.PREPARED: "info",
    Sharing.State.ASKED: "warn",
    Sharing.State.LEFT: "good",
    Sharing.State.CANCELLED: "neutral",
}


def page(
    user: User, *, is_waiting: bool, patient_id: UUID | None = None, after: str = ""
) -> dict[str, Any]:
    """Return one page of the disclosures that somebody may know of, the newest first."""
    within = Patient.objects.visible_to(user, Category.RIGHTS).values("pk")
    rows = Sharing.objects.waiting() if is_waiting else Sharing.objects.all()
    rows = rows.filter(patient_id=patient_id) if patient_id else rows.filter(patient__in=within)
    ordered = descending(rows.defer("sealed"), "prepared_at", Place.read(after))
    found = list(
        ordered.select_related("recipient", "processing", "prepared_by", "patient")[: PAGE + 1]
    )
    last = found[PAGE - 1] if len(found) > PAGE else None
    return {
        "rows": [_row(row) for row in found[:PAGE]],
        "next": Place(last.prepared_at, last.pk).text() if last else "",
    }


def _row(row: Sharing) -> dict[str, Any]:
    return {
        "id": row.pk,
        "patient_id": row.patient_id,
        "recipient": row.recipient.label,
        "kind": row.recipient.get_kind_display(),
        "country": row.recipient.country,
        "is_abroad": row.recipient.is_abroad,
        "contact": row.recipient.contact,
        "purpose": row.processing.label,
        "ground": row.get_ground_display(),
        "state": row.state,
        "state_label": row.get_state_display(),
        "tone": TONES[Sharing.State(row.state)],
        "prepared_by": called(row.prepared_by),
        "prepared_at": row.prepared_at,
        "left_at": row.left_at,
    }


def in_full(row: Sharing) -> dict[str, Any]:
    """Return one disclosure with its reason and how much was chosen; nothing of the record itself."""
    sections = [str(SECTIONS[key].label) for key in row.sections if key in SECTIONS]
    shown = _row(row) | {
        "version": row.version,
        "event_id": row.event_id,
        "sections": ", ".join(sections),
        "period": _period(row),
        "with_protected": row.with_protected,
        "broken": False,
    }
    try:
        return shown | {
            "why": row.why,
            "legal_basis": row.legal_basis,
            "count": len(row.items or ()),
        }
    except SealBroken:
        return shown | {"broken": True}


def _period(row: Sharing) -> tuple[Any, Any] | str:
    if row.since_on or row.until_on:
        return (row.since_on, row.until_on)
    return gettext("all")


def recipients() -> list[dict[str, Any]]:
    """Return the register of recipients, those in use first."""
    rows = Recipient.objects.select_related("made_by").order_by("name", "pk")
    found = [
        {
            "id": row.pk,
            "key": row.key,
            "name": row.label,
            "kind": row.get_kind_display(),
            "contact": row.contact,
            "country": row.country,
            "is_abroad": row.is_abroad,
            "made_by": called(row.made_by),
            "retired_at": row.retired_at,
        }
        for row in rows
    ]
    return sorted(found, key=lambda one: one["retired_at"] is not None)
