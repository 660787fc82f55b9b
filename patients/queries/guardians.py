"""Whether somebody may decide for a patient who is too young to."""

from __future__ import annotations

import calendar
from datetime import date

from django.conf import settings
from django.utils import timezone

from patients.models import Patient, Relation
from patients.names import age
from security.models import ClinicProfile
from security.models.clinic import GUARDIAN_AGE_LIMIT
from security.sealing import SealBroken


def of_age() -> int:
    """Return the age from which people decide about their own data here (PIPL 31)."""
    found = ClinicProfile.objects.values_list("guardian_age", flat=True).first()
    return int(settings.GUARDIAN_AGE) if found is None else found


def latest_birth(patient: Patient) -> date | None:
    """Return the last day on which a patient may have been born: a child is one until it surely is none."""
    born_on: date | None = patient.birth_on
    precision = patient.birth_precision
    if born_on is None or precision not in {"year", "month"}:
        return born_on
    month = 12 if precision == "year" else born_on.month
    return date(born_on.year, month, calendar.monthrange(born_on.year, month)[1])


def is_below(patient: Patient, years: int, on: date | None = None) -> bool:
    """Tell whether a patient is younger than so many years; without a birth date nobody is."""
    born_on = latest_birth(patient)
    return born_on is not None and age(born_on, on) < years


def is_minor(patient: Patient, on: date | None = None) -> bool:
    """Tell whether a patient is below the age from which people decide about their own data (PIPL 31)."""
    # Of nobody else is the clinic's age asked for.
    return is_below(patient, GUARDIAN_AGE_LIMIT, on) and is_below(patient, of_age(), on)


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
