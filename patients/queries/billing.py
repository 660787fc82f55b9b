"""Bills and insurance, as far as the reader may see them.

A diagnosis on a bill is a category of its own: its words are for whoever reads the clinical record, its code
masked for whoever settles the bill, and neither is shown of an entry that is specially protected.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from patients import names
from patients.models import Claim, Coverage
from patients.queries import claims, entries, invoices, pages, wording
from patients.queries.chart import Chart
from patients.queries.pages import Place
from security.access.permissions import Permission
from security.sealing import SealBroken

COVERAGE = "coverage"
CLAIMS = 20
COVERAGES = 20
_NO_NUMBER = {"value": "", "masked": False, "reveal_url": None, "field": "", "broken": False}


def page(chart: Chart, *, after: str = "") -> dict[str, Any]:
    """Return one page of the claims, and the coverages with it."""
    bills = Claim.objects.filter(patient_id=chart.patient.pk)
    place = Place.read(after)
    found = list(pages.newest_first(bills, "occurred_at", place)[: CLAIMS + 1])
    last = found[CLAIMS - 1] if len(found) > CLAIMS else None
    more = f"?after={Place(last.occurred_at, last.pk).text()}" if last else ""
    covers = Coverage.objects.filter(patient_id=chart.patient.pk)
    return {
        "claims": [_claim(chart, row) for row in found[:CLAIMS]],
        "coverages": [
            _coverage(chart, row)
            for row in pages.newest_first(covers, "occurred_at", None)[:COVERAGES]
        ],
        "next_url": chart.url("billing") + more if more else None,
        "account": invoices.account(chart),
    }


def _claim(chart: Chart, row: Claim) -> dict[str, Any]:
    try:
        status = wording.status(row.status)
        return {
            "at": wording.day(row.occurred_at),
            "text": wording.word(wording.CLAIM_TYPES, row.type_text) or gettext("Bill"),
            "number": _diagnoses(chart, row),
            "total": wording.money(row.total),
            "currency": row.currency or "",
            "status": status["text"],
            "tone": status["tone"],
            "lines": claims.lines(chart, row),
            "broken": False,
        }
    except SealBroken:
        return {"broken": True}


def _diagnoses(chart: Chart, row: Claim) -> str:
    """Return the diagnoses on a bill as far as the reader may see them."""
    if entries.is_locked(row, chart.sees_restricted):
        return ""
    # Everybody else who may know of codes sees them line by line, masked.
    if not chart.may(Permission.BILL_DIAGNOSIS_READ) or not chart.may(Permission.CLINICAL_READ):
        return ""
    found = [_diagnosis(concept) for concept in _coded(row)]
    shown = ", ".join(dict.fromkeys(filter(None, found)))
    return gettext("Diagnosis: %(codes)s") % {"codes": shown} if shown else ""


def _coded(row: Claim) -> list[Any]:
    """Return what a bill says about diagnoses: the coded ones, and lines that settle one."""
    coded = [one.get("diagnosisCodeableConcept") for one in wording.parts(row.diagnoses)]
    lines = [
        one.get("productOrService")
        for one in wording.parts(row.items)
        if one.get("diagnosisSequence")
    ]
    return [concept for concept in (*coded, *lines) if isinstance(concept, dict)]


def _diagnosis(concept: Any) -> str:
    code, words = next(iter(wording.codes(concept)), ""), wording.concept(concept)
    return f"{code} {words}".strip() if words != code else code


def _coverage(chart: Chart, row: Coverage) -> dict[str, Any]:
    try:
        status = wording.status(row.status)
        return {
            "payer": entries.named(row.payer_text or row.type_text),
            "kind": row.type_text if row.payer_text else "",
            "number": _number(chart, row),
            "period": wording.stretch(row.occurred_at, row.ended_at),
            "status": status["text"],
            "tone": status["tone"],
            "broken": False,
        }
    except SealBroken:
        return {"broken": True}


def _number(chart: Chart, row: Coverage) -> dict[str, Any]:
    """Return the insurance number, masked for everybody; not even opened for whoever may not know it."""
    reveals = chart.may(Permission.IDENTIFIERS_READ)
    if not reveals and not chart.may(Permission.IDENTIFIERS_READ_MASKED):
        return _NO_NUMBER
    if not row.member_number:
        return _NO_NUMBER
    return {
        "value": names.masked_identifier(row.member_number),
        "masked": True,
        "reveal_url": reverse("patients:reveal", args=[chart.patient.pk]) if reveals else None,
        "field": f"{COVERAGE}.{row.pk}",
        "broken": False,
    }
