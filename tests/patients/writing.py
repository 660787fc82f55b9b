"""What people write into the forms of structured entries, a form each, for the tests of entries."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from patients.forms.entries import FORMS
from patients.models import Patient
from patients.queries.kinds import BY_KEY

# A whole entry of each kind, and what somebody would correct in it.
WRITTEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "conditions": (
        {"code": "Asthma · 哮喘", "status": "active", "verification": "confirmed", "severity": "6736007",
         "onset": "2019-05", "abated": "", "notes": "worse in spring"},
        {"code": "COPD", "status": "resolved", "abated": "2021"},
    ),
    "allergies": (
        {"code": "Penicillin", "type": "allergy", "criticality": "high", "reaction": "Rash",
         "severity": "severe", "status": "active", "verification": "confirmed", "onset": "2001", "notes": ""},
        {"criticality": "low", "reaction": "Itching"},
    ),
    "medications": (
        {"code": "Salbutamol", "dose": "2", "dose_unit": "{puff}", "route": "447694001", "often": "BID",
         "as_needed": "yes", "instructions": "shake well", "because": "Asthma", "ordered": "2026-01-02 09:30",
         "status": "active", "notes": ""},
        {"dose": "1", "status": "on-hold"},
    ),
    "observations": (
        {"code": "Potassium", "category": "laboratory", "result": "5.90", "unit": "mmol/L", "words": "",
         "low": "3.5", "high": "5.3", "measured": "2026-01-02 08:15", "status": "final", "notes": ""},
        {"result": "4.9", "notes": "typed wrong"},
    ),
    "procedures": (
        {"code": "Spirometry", "begins": "2025-11-02 10:00", "ends": "2025-11-02 10:20", "because": "Cough",
         "status": "completed", "notes": ""},
        {"status": "stopped", "ends": ""},
    ),
    "immunizations": (
        {"code": "Influenza vaccine", "given": "2025-10-01", "lot": "AB-12/3", "source": "here",
         "status": "completed", "notes": ""},
        {"lot": "AB-13", "given": "2025-10"},
    ),
    "plans": (
        {"code": "Asthma care plan", "title": "", "description": "fewer attacks",
         "steps": "Peak flow each morning\nInhaler training", "begins": "2026-01", "ends": "2027",
         "status": "active", "intent": "plan", "notes": ""},
        {"steps": "Peak flow each morning\nCall in March", "ends": ""},
    ),
}  # fmt: skip
KINDS = list(FORMS)


def sent(kind: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends of a whole entry."""
    return {**WRITTEN[kind][0], **changes}


def corrected(
    kind: str, version: int = 1, reason: str = "typed wrong", **changes: Any
) -> dict[str, Any]:
    """Return what a browser sends of its correction."""
    return sent(kind, **{**WRITTEN[kind][1], **changes}) | {"version": version, "reason": reason}


def add_url(patient: Patient, kind: str) -> str:
    """Return the address of a new entry."""
    return reverse("patients:entry_add", args=[patient.pk, kind])


def url(row: Any, kind: str, page: str = "entry_correct") -> str:
    """Return an address of an entry."""
    return reverse(f"patients:{page}", args=[row.patient_id, kind, row.pk])


def only(kind: str) -> Any:
    """Return the one entry of a kind that there is."""
    return BY_KEY[kind].model._default_manager.get()
