"""Insurance claims line by line: what a line costs, and the diagnosis code on it masked.

Whoever settles bills sees that a line carries a code; the code itself is opened one line at a time. Names of
services on a claim tell of an illness as well, so a line is called by its kind.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients import names
from patients.models import Claim, Patient
from patients.queries import entries, pages, people, wording
from patients.queries.chart import Chart
from patients.queries.desk import whom
from patients.queries.pages import Place
from security import context
from security.access.decision import decide_many
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

PAGE = 20
MOST_LINES = 60
# What a claim says without a line of its own.
WHOLE = 0
KINDS: tuple[tuple[str, Promise], ...] = (
    ("procedureSequence", _("Procedure")),
    ("informationSequence", _("Medicine or vaccine")),
    ("diagnosisSequence", _("Treatment of a diagnosis")),
)
ASKED = (
    Permission.BILL_DIAGNOSIS_READ,
    Permission.BILL_DIAGNOSIS_READ_MASKED,
    Permission.CLINICAL_READ,
    Permission.RESTRICTED_READ,
)


def page(user: User, *, after: str = "") -> dict[str, Any]:
    """Return one page of everybody's claims, the newest first."""
    patients = Patient.objects.visible_to(user, Category.BILLING)
    found = Claim.objects.filter(patient__in=patients.values("pk"))
    ordered = pages.newest_first(found, "occurred_at", Place.read(after))
    rows = list(ordered[: PAGE + 1])
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return {
        "rows": _rows(user, rows[:PAGE]),
        "next_url": f"?after={Place(last.occurred_at, last.pk).text()}" if last else None,
    }


def _rows(user: User, rows: list[Claim]) -> list[dict[str, Any]]:
    ids = {row.patient_id for row in rows}
    patients = whom(user, ids)
    # Decided for all of them at once; each row then finds its answer.
    for permission in ASKED:
        decide_many(user, permission, ids, context.current().purpose)
    charts = {
        one.pk: Chart(one, user, is_fresh=False)
        for one in Patient.objects.filter(pk__in=ids).only(*people.CARD)
    }
    return [
        shown(charts[row.patient_id], row) | {"patient": patients.get(row.patient_id)}
        for row in rows
    ]


def shown(chart: Chart, row: Claim) -> dict[str, Any]:
    """Return a claim: its state, its total and its lines."""
    try:
        status = wording.status(row.status)
        return {
            "id": str(row.pk),
            "at": wording.day(row.occurred_at),
            "text": wording.word(wording.CLAIM_TYPES, row.type_text) or gettext("Bill"),
            "total": wording.money(row.total),
            "currency": row.currency or "",
            "status": status["text"],
            "tone": status["tone"],
            "lines": lines(chart, row),
            "broken": False,
        }
    except SealBroken:
        return {"broken": True, "id": str(row.pk)}


def lines(chart: Chart, row: Claim) -> list[dict[str, Any]]:
    """Return the lines of a claim with masked codes; nothing to readers who may not know of codes.

    Who reads the clinical record needs no mask, and is shown the diagnoses elsewhere.
    """
    reveals = chart.may(Permission.BILL_DIAGNOSIS_READ)
    if not (reveals or chart.may(Permission.BILL_DIAGNOSIS_READ_MASKED)):
        return []
    if chart.may(Permission.CLINICAL_READ) or entries.is_locked(row, chart.sees_restricted):
        return []
    url = reverse("patients:reveal_code", args=[chart.patient.pk]) if reveals else None
    return [
        {
            "number": number or "",
            "kind": kind,
            "amount": amount,
            "code": _masked(row, number, url) if codes else None,
        }
        for number, kind, amount, codes in _numbered(row)
    ]


def codes_of(row: Claim, number: int) -> list[str]:
    """Return the diagnosis codes of one line, bare: words and names of services are never among them."""
    for line, _kind, _amount, codes in _numbered(row):
        if line == number:
            return codes
    return []


def _masked(row: Claim, number: int, url: str | None) -> dict[str, Any]:
    return {
        "value": names.MASK,
        "masked": True,
        "reveal_url": url,
        "field": f"{row.pk}.{number}",
        "broken": False,
    }


def _numbered(row: Claim) -> list[tuple[int, str, str, list[str]]]:
    """Return (number, kind, amount, codes) of each line, and what no line says as number 0."""
    diagnoses = _diagnoses(row)
    found, told = [], set()
    for place, item in enumerate(wording.parts(row.items)[:MOST_LINES], start=1):
        sequences = [one for one in item.get("diagnosisSequence") or () if _is_number(one)]
        codes = [code for one in sequences for code in diagnoses.get(one, ())]
        told |= set(sequences)
        if sequences and not codes:
            codes = wording.codes(item.get("productOrService"))[:1]
        found.append((place, _kind(item), _amount(item), list(dict.fromkeys(codes))))
    left = [code for number, codes in diagnoses.items() if number not in told for code in codes]
    if left:
        found.insert(0, (WHOLE, gettext("Whole claim"), "", list(dict.fromkeys(left))))
    return found


def _diagnoses(row: Claim) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for place, one in enumerate(wording.parts(row.diagnoses), start=1):
        said = one.get("sequence")
        number: int = said if isinstance(said, int) and _is_number(said) else place
        codes = wording.codes(one.get("diagnosisCodeableConcept"))[:1]
        if codes:
            found.setdefault(number, []).extend(codes)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(item: dict[str, Any]) -> str:
    for name, label in KINDS:
        if item.get(name):
            return str(label)
    return gettext("Service")


def _amount(item: dict[str, Any]) -> str:
    net = item.get("net")
    value = net.get("value") if isinstance(net, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return ""
    currency = net.get("currency") if isinstance(net, dict) else ""
    text = wording.money(amount) if amount.is_finite() and abs(amount) < 10**12 else ""
    return f"{text} {currency}".strip() if text and isinstance(currency, str | None) else text
