"""What a patient reacts to; shown wherever the name is, so that nobody has to look for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from patients.models import AllergyIntolerance
from patients.queries import entries, pages, wording
from security.sealing import SealBroken

# SNOMED CT: no known allergy (situation).
NO_KNOWN_ALLERGY = "716186003"
PAST = {"inactive", "resolved"}
WRONG = {"refuted", "entered-in-error"}
MOST = 100


@dataclass(frozen=True, slots=True)
class Allergies:
    """The allergies that count today, and whether somebody noted that there are none."""

    items: list[dict[str, Any]]
    is_none_known: bool


def of(patient_id: UUID, sees_restricted: bool) -> Allergies:
    """Return a patient's allergies; one that may not be read, or cannot be, is named as such."""
    rows = AllergyIntolerance.objects.filter(patient_id=patient_id)
    if not sees_restricted:
        rows = rows.defer("sealed_restricted")
    items: list[dict[str, Any]] = []
    is_none_known = False
    for row in pages.newest_first(rows, "occurred_at", None)[:MOST]:
        if entries.is_locked(row, sees_restricted):
            items.append(entries.LOCKED | {"text": gettext("Restricted entry")})
            continue
        try:
            entries.uncover(row, sees_restricted=sees_restricted)
            if row.status in PAST or row.verification in WRONG:
                continue
            if says_none(row):
                is_none_known = True
            else:
                items.append(_item(row))
        except SealBroken:
            items.append(entries.BROKEN)
    return Allergies(items, is_none_known and not items)


def counts(row: AllergyIntolerance) -> bool:
    """Tell whether an entry names an allergy that counts today."""
    return row.status not in PAST and row.verification not in WRONG and not says_none(row)


def says_none(row: AllergyIntolerance) -> bool:
    """Tell whether an entry notes that no allergy is known."""
    return NO_KNOWN_ALLERGY in wording.codes(row.code)


def none_known_of(patient_id: UUID) -> list[AllergyIntolerance]:
    """Return the entries by which it stands that no allergy is known, for the deed that ends them."""
    rows = AllergyIntolerance.objects.filter(
        patient_id=patient_id, confidentiality=AllergyIntolerance.Confidentiality.NORMAL
    )
    return [row for row in rows[:MOST] if _stands(row)]


def _stands(row: AllergyIntolerance) -> bool:
    try:
        return row.status not in PAST and row.verification not in WRONG and says_none(row)
    except SealBroken:
        return False


def _item(row: AllergyIntolerance) -> dict[str, Any]:
    criticality = row.criticality
    return {
        "text": entries.named(row.code_text),
        "reaction": entries.reactions(row),
        "severity": "high" if criticality == "high" else "",
        "severity_label": wording.word(wording.CRITICALITIES, criticality),
        "restricted": False,
        "broken": False,
    }
