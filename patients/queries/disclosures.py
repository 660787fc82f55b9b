"""The accounting of disclosures of one patient: what the law lists, and what it leaves out (164.528)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import formats, timezone

from patients.models import Disclosure
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.models import User
from security.people import called
from security.sealing import SealBroken

Ground = Disclosure.Ground
YEARS = 6
# What the law leaves out, with its place there.
LEFT_OUT: Mapping[str, str] = {
    Ground.TREATMENT: "164.528(a)(1)(i)",
    Ground.PAYMENT: "164.528(a)(1)(i)",
    Ground.OPERATIONS: "164.528(a)(1)(i)",
    Ground.PATIENT: "164.528(a)(1)(ii)",
    Ground.AUTHORISED: "164.528(a)(1)(iv)",
    Ground.FAMILY: "164.528(a)(1)(v)",
    Ground.SECURITY: "164.528(a)(1)(vi), (vii)",
    Ground.LIMITED: "164.528(a)(1)(viii)",
}
# Who may ask that the patient is not told for a time (164.528(a)(2)).
TO_AUTHORITIES = frozenset({Ground.OVERSIGHT, Ground.POLICE})
LABELS = {str(one): one.label for one in Ground}


def since(today: date | None = None) -> date:
    """Return the first day of the six years before today."""
    day = today or timezone.localdate()
    try:
        return day.replace(year=day.year - YEARS)
    except ValueError:
        return day.replace(year=day.year - YEARS, day=28)


def of(patient_id: UUID) -> dict[str, Any]:
    """Return the accounting of six years, the newest first, and by ground how many it leaves out."""
    first, today = since(), timezone.localdate()
    shown: list[dict[str, Any]] = []
    left: dict[str, int] = {}
    silent = broken = 0
    rows = Disclosure.objects.filter(patient_id=patient_id).select_related("noted_by")
    for row in rows.order_by("-noted_at", "-pk"):
        try:
            day, ground, until = row.disclosed_on, row.ground or "", row.silent_until
            if day is None or day < first:
                continue
            if ground in LEFT_OUT:
                left[ground] = left.get(ground, 0) + 1
            elif until is not None and until > today:
                silent += 1
            else:
                shown.append(_shown(row, day, ground))
        except SealBroken:
            broken += 1
    return {
        "rows": sorted(shown, key=lambda one: one["on"], reverse=True),
        "left_out": [
            {"label": LABELS[key], "law": LEFT_OUT[key], "count": left[key]}
            for key in LABELS
            if key in left
        ],
        # Known to who keeps the accounting; the patient's copy says nothing of it.
        "silent": silent,
        "broken": broken,
        "since": first,
        "until": today,
    }


def to_authorities(patient_id: UUID) -> list[tuple[str, str]]:
    """Return what went to authorities that may ask for silence, as choices of a form; the newest first."""
    found = []
    rows = Disclosure.objects.filter(patient_id=patient_id)
    for row in rows.order_by("-noted_at", "-pk"):
        with suppress(SealBroken):
            if row.ground in TO_AUTHORITIES and row.disclosed_on:
                on = formats.date_format(row.disclosed_on, "DATE_FORMAT")
                found.append((str(row.pk), f"{on} · {row.recipient} · {LABELS[row.ground]}"))
    return found


def _shown(row: Disclosure, day: date, ground: str) -> dict[str, Any]:
    return {
        "on": day,
        "recipient": row.recipient,
        "address": row.address,
        "what": row.what,
        "why": row.why,
        "ground": LABELS.get(ground, ground),
        "legal_basis": row.legal_basis,
        "noted_by": called(row.noted_by),
    }


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the accounting of one patient whose rights this person reads; of anybody else nothing."""
    patient_id = parameters["patient"]
    purpose = context.current().purpose
    if not decide(user, Permission.RIGHTS_READ, patient_id, purpose).allowed:
        return
    for one in of(patient_id)["rows"]:
        yield [
            one[key]
            for key in ("on", "recipient", "address", "what", "why", "ground", "legal_basis")
        ]
