"""Revealing what is masked: one number or code at a time, each told to the trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from patients.models import Claim, Coverage, Patient
from patients.queries import billing, claims, details, entries
from patients.queries.chart import Chart
from security import context, trail
from security.access.gate import Refused
from security.access.permissions import Permission
from security.access.purposes import Purpose
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


class WrongPurpose(Refused):
    """A code on a bill is revealed to settle the bill, for nothing else."""


@transaction.atomic
def reveal_code(*, chart: Chart, field: str, by: User) -> Revealed:
    """Open the diagnosis code of one line of a claim; the line is recorded, the code never."""
    if not chart.may(Permission.BILLING_READ) or not chart.may(Permission.BILL_DIAGNOSIS_READ):
        raise NothingThere("claim")
    if context.current().purpose != Purpose.HPAYMT:
        raise WrongPurpose(
            gettext("A code is revealed for the purpose of payment only. State that purpose first.")
        )
    row, number = _claim(chart, field)
    codes = [] if entries.is_locked(row, chart.sees_restricted) else claims.codes_of(row, number)
    if not codes:
        raise NothingThere("claim")
    trail.record(
        "patients.claim_code.revealed",
        subjects=[chart.patient.pk],
        obj=row,
        fields=["patients.claim.items"],
        counts={"line": number},
        by=by,
    )
    return Revealed(", ".join(codes), gettext("Diagnosis code"))


def _claim(chart: Chart, field: str) -> tuple[Claim, int]:
    key, _dot, line = field.partition(".")
    try:
        found: Claim | None = Claim.objects.filter(
            patient_id=chart.patient.pk, pk=UUID(key)
        ).first()
        number = int(line) if line.isascii() and line.isdecimal() else -1
    except ValueError:
        found, number = None, -1
    if found is None or not 0 <= number <= claims.MOST_LINES:
        raise NothingThere("claim")
    return found, number
