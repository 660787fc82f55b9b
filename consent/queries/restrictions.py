"""Restrictions as pages show them: of one patient with the reasons, of everybody without."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from audit import persons
from consent.models import ProcessingRestriction
from patients.models import Patient
from security.classification import Category
from security.models import User
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken

PAGE = 50


def of_patient(patient_id: UUID, *, sees_reasons: bool) -> list[dict[str, Any]]:
    """Return the restrictions of one patient, those in force first; reasons of bills alone to the desk."""
    rows = ProcessingRestriction.objects.filter(patient__in=persons.register().former(patient_id))
    found = rows.select_related("purpose", "set_by", "ended_by").order_by("-starts_at", "-pk")
    shown = [
        _shown(row) | _reason(row, sees_reasons or row.kind == row.Kind.SELF_PAY) for row in found
    ]
    return sorted(shown, key=lambda one: not one["holds"])


def page(user: User, *, is_over: bool, after: str = "") -> dict[str, Any]:
    """Return one page of the restrictions that somebody may know of, newest first; no reason is opened."""
    now = timezone.now()
    over = Q(ends_at__isnull=False, ends_at__lte=now)
    within = Patient.objects.visible_to(user, Category.RIGHTS).values("pk")
    known = Q(patient__in=within) | Q(patient__merged_into__in=within)
    rows = ProcessingRestriction.objects.filter(known, over if is_over else ~over).defer("sealed")
    ordered = descending(rows, "starts_at", Place.read(after))
    found = list(ordered.select_related("patient", "purpose", "set_by", "ended_by")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return {
        "rows": [
            _shown(row) | {"patient_id": row.patient.merged_into_id or row.patient_id}
            for row in found[:PAGE]
        ],
        "next": Place(last.starts_at, last.pk).text() if last else "",
    }


def _shown(row: ProcessingRestriction) -> dict[str, Any]:
    now = timezone.now()
    return {
        "id": row.pk,
        "patient_id": row.patient_id,
        "version": row.version,
        "kind": row.kind,
        "label": row.get_kind_display(),
        "purpose": row.purpose.label if row.purpose else "",
        "categories": ", ".join(_labels(row.categories)),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "set_by": called(row.set_by),
        "ended_by": called(row.ended_by),
        "holds": row.starts_at <= now and (row.ends_at is None or row.ends_at > now),
    }


def _labels(categories: Iterable[str]) -> list[str]:
    known = {str(one): str(one.label) for one in Category}
    return [known.get(one, one) for one in categories]


def _reason(row: ProcessingRestriction, sees_reasons: bool) -> dict[str, Any]:
    if not sees_reasons:
        return {"reason": None, "broken": False}
    try:
        return {"reason": row.reason, "broken": False}
    except SealBroken:
        return {"reason": None, "broken": True}
