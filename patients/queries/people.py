"""How a person stands in a list: clear, masked, or locked until a fresh factor; as decided, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from patients.models import Patient
from patients.names import (
    age_text,
    display,
    in_other_script,
    masked_birth,
    masked_identifier,
    masked_name,
)
from security import context
from security.access.decision import Decision, decide_many
from security.access.permissions import Permission
from security.access.registry import Basis
from security.models import User
from security.sealing import SealBroken

# What a list fetches: the narrow envelope and what is stored readable, never the body.
CARD = ("sealed_card", "confidentiality", "last_activity_at")
SEXES = dict(Patient.Sex.choices)
CONFIDENTIALITIES = dict(Patient.Confidentiality.choices)


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of a person one reader sees in a list."""

    is_masked: bool
    is_locked: bool
    # Confidential: it opens in an emergency only.
    is_glass: bool
    basis: Basis | None
    # Whether the clear name is theirs to read, at once or after a fresh factor.
    may_be_clear: bool


def sights(reader: User, patient_ids: Iterable[UUID]) -> dict[UUID, Sight]:
    """Decide how each patient is shown; those who may not be known of have no entry."""
    ids, purpose = list(patient_ids), context.current().purpose
    clear = decide_many(reader, Permission.DEMOGRAPHICS_READ, ids, purpose)
    others = [one for one in ids if not clear[one].is_reachable]
    masked = (
        decide_many(reader, Permission.DEMOGRAPHICS_READ_MASKED, others, purpose) if others else {}
    )
    found = {
        one: _sight(made, is_masked=not made.allowed, may_be_clear=not made.glass)
        for one, made in clear.items()
    }
    found |= {one: _sight(made, is_masked=True, may_be_clear=False) for one, made in masked.items()}
    return {one: sight for one, sight in found.items() if sight is not None}


def _sight(made: Decision, *, is_masked: bool, may_be_clear: bool) -> Sight | None:
    if not made.is_reachable:
        return None
    return Sight(is_masked, made.step_up, made.glass, made.basis, may_be_clear)


def rows(patients: Iterable[Patient], seen: Mapping[UUID, Sight]) -> list[dict[str, Any]]:
    """Return the patients that may be shown, as rows of a list."""
    return [row(patient, seen[patient.pk]) for patient in patients if patient.pk in seen]


def row(patient: Patient, sight: Sight) -> dict[str, Any]:
    """Return one patient as a row of a list; a broken seal leaves the row without a name."""
    shown: dict[str, Any] = {
        "id": patient.pk,
        "url": reverse("patients:patient", args=[patient.pk]),
        "last_activity_at": patient.last_activity_at,
        "basis": sight.basis.label if sight.basis not in (None, Basis.ROLE) else "",
        "locked": sight.is_locked,
        "glass": sight.is_glass,
        "masked": sight.is_masked,
        "tags": tags(patient),
        "broken": False,
    }
    try:
        if patient.deceased:
            shown["tags"].append({"text": _("Deceased"), "tone": "neutral", "icon": ""})
        return shown | person(patient, is_masked=sight.is_masked)
    except SealBroken:
        return shown | {"broken": True, "masked": False}


def person(patient: Patient, *, is_masked: bool) -> dict[str, Any]:
    """Return who somebody is; masked: the initial, the year of birth and the end of the number."""
    names, born_on, number = patient.names, patient.birth_on, patient.record_number
    facts = {"sex": str(SEXES.get(patient.sex or "", ""))}
    if is_masked:
        return facts | {
            "name": masked_name(names),
            "birth": masked_birth(born_on),
            "record_number": masked_identifier(number) if number else "",
        }
    precision = patient.birth_precision
    return facts | {
        "name": display(names) or _("Name unknown"),
        "other_name": in_other_script(names),
        "age": age_text(born_on, precision),
        "birth": birth(born_on, precision),
        "record_number": number or "",
    }


def birth(born_on: date | None, precision: str | None) -> str:
    """Return a date of birth as exactly as it is known."""
    if born_on is None:
        return ""
    if precision == "year":
        return masked_birth(born_on)
    form = "YEAR_MONTH_FORMAT" if precision == "month" else "DATE_FORMAT"
    return formats.date_format(born_on, form)


def tags(patient: Patient) -> list[dict[str, Any]]:
    """Return what must be seen of a chart before it is opened."""
    if patient.confidentiality == Patient.Confidentiality.NORMAL:
        return []
    label = CONFIDENTIALITIES.get(patient.confidentiality, patient.confidentiality)
    return [{"text": label, "tone": "vip", "icon": "shield-lock"}]
