"""Registering a person, and correcting who the person is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from patients import informing
from patients.informing import Told
from patients.models import CareRelationship, Patient, PatientIndex
from patients.services import drafts, relationships, series, versions
from security import context, trail
from security.access.gate import Refused
from security.models import User
from security.sealing import index

RECORD_NUMBERS = "patients.record_number"
# Long enough to be typed and read aloud without a slip.
FIGURES = 6


class Merged(Refused):
    """The record was merged into another one meanwhile."""


@transaction.atomic
def register(
    *,
    fields: Mapping[str, Any],
    doctor: User | None = None,
    told: Told | None = None,
    known_as: UUID | None = None,
    by: User,
) -> Patient:
    """Open a record under the next number, findable at once; with a doctor, give it to the doctor.

    `known_as` is the id of somebody who asked before and whose key the record takes over.
    Raises NotInformed where there is a privacy notice and it is not said how the person was told of it.
    """
    informing.require(told)
    patient = Patient(**fields, record_number=_next_number())
    if known_as is not None:
        patient.pk = known_as
    patient.save(force_insert=True)
    with context.matching():
        index.rebuild([patient], PatientIndex)
    trail.record(
        "patients.patient.registered",
        subjects=[patient.pk],
        changed=[patient],
        obj=patient,
        fields=[f"{Patient.seal_label}.{name}" for name, value in fields.items() if value],
        by=by,
    )
    informing.tell(patient.pk, told, by=by)
    if doctor is not None:
        source = CareRelationship.Source.RESPONSIBLE
        relationships.grant(user=doctor, patient_id=patient.pk, source=source, by=by)
    drafts.drop(form="patient", patient_id=None, by=by)
    return patient


@transaction.atomic
def correct(
    *, patient_id: UUID, version: int, changes: Mapping[str, Any], reason: str, by: User
) -> Patient:
    """Correct who a person is; the record is found by the new words at once, and by the old no more."""
    row: Patient = versions.correct(
        model=Patient,
        row_id=patient_id,
        version=version,
        changes=changes,
        reason=reason,
        action="patients.patient.corrected",
        by=by,
    )
    if row.merged_into_id is not None:
        raise Merged(_("This record was merged into another record of the same person."))
    with context.matching():
        index.rebuild([row], PatientIndex)
    drafts.drop(form="patient", patient_id=patient_id, target_id=patient_id, by=by)
    return row


def _next_number() -> str:
    """Return a record number that nobody bears; an imported record may hold one of the series."""
    while True:
        number = f"{settings.RECORD_NUMBER_PREFIX}{series.take(key=RECORD_NUMBERS):0{FIGURES}d}"
        if not index.find_exact(PatientIndex, "identifier", number).exists():
            return number
