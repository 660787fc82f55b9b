"""Whether somebody may decide for a patient who is too young to."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import timezone

from patients.models import Patient, Relation
from patients.names import age
from security.sealing import SealBroken


def is_minor(patient: Patient, on: date | None = None) -> bool:
    """Tell whether a patient is below the age from which people decide about their own data (PIPL 31)."""
    born_on = patient.birth_on
    return born_on is not None and age(born_on, on) < settings.GUARDIAN_AGE


def is_missing(patient: Patient) -> bool:
    """Tell whether a patient needs a guardian and has none in force today; one that does not open is none."""
    if not is_minor(patient) or patient.deceased:
        return False
    today = timezone.localdate()
    return not any(_decides(row, today) for row in Relation.objects.filter(patient=patient))


def _decides(row: Relation, day: date) -> bool:
    try:
        return bool(row.is_guardian) and row.holds_on(day)
    except SealBroken:
        return False
