"""Revealing a masked number: one at a time, each told to the trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from patients.models import Coverage, Patient
from patients.queries import billing, details
from patients.queries.chart import Chart
from security import trail
from security.access.permissions import Permission
from security.models import User


class NothingThere(Exception):
    """The patient has no such number, or it is not for this reader."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """A number in the clear and what it is."""

    value: str
    what: str


@transaction.atomic
def reveal(*, chart: Chart, field: str, by: User) -> Revealed:
    """Open one number of a patient; which kind of number is recorded, the number never."""
    kind, _dot, key = field.partition(".")
    if kind == details.IDENTIFIERS:
        name, found = "patients.patient.identifiers", _identifier(chart.patient, field)
        row: Any = chart.patient
    elif kind == billing.COVERAGE and chart.may(Permission.BILLING_READ):
        row = _coverage(chart.patient, key)
        name, found = (
            "patients.coverage.member_number",
            Revealed(row.member_number, gettext("Insurance number")),
        )
    else:
        raise NothingThere(kind)
    trail.record(
        "patients.identifier.revealed", subjects=[chart.patient.pk], obj=row, fields=[name], by=by
    )
    return found


def _identifier(patient: Patient, field: str) -> Revealed:
    for key, label, value in details.numbers(patient):
        if key == field:
            return Revealed(value, label)
    raise NothingThere(details.IDENTIFIERS)


def _coverage(patient: Patient, key: str) -> Coverage:
    try:
        row = Coverage.objects.filter(patient_id=patient.pk, pk=UUID(key)).first()
    except ValueError:
        row = None
    if row is None or not row.member_number:
        raise NothingThere(billing.COVERAGE)
    found: Coverage = row
    return found
