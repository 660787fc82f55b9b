"""Writing the structured record: adding entries, correcting them, marking what was entered in error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients.models import AllergyIntolerance, Patient, PatientRecord, Protectable
from patients.queries import allergies
from patients.queries.chart import Chart
from patients.services import versions
from security import trail
from security.access.gate import Refused
from security.models import User

# SNOMED CT: what stands for "asked, and there is none".
NONE_KNOWN = {
    "coding": (
        {
            "system": "http://snomed.info/sct",
            "code": allergies.NO_KNOWN_ALLERGY,
            "display": "No known allergy",
        },
    ),
    "text": "No known allergy · 无已知过敏",
}


class AllergiesKnown(Refused):
    """Allergies are recorded, so that nobody can note that there are none."""


class AlreadyVoided(Refused):
    """The entry is marked as entered in error already."""


@transaction.atomic
def add(
    *,
    model: type[PatientRecord],
    patient_id: UUID,
    values: Mapping[str, Any],
    confidentiality: str = PatientRecord.Confidentiality.NORMAL,
    warnings: int = 0,
    by: User,
) -> Any:
    """Add an entry to a record; `warnings` counts what the writer was told and went on."""
    now = timezone.now()
    told = {"recorded_at": now} if hasattr(model, "recorded_at") else {}
    row: Any = model(patient_id=patient_id, confidentiality=confidentiality, **told, **values)
    row.occurred_at = row.occurred_at or now
    if isinstance(row, Protectable):
        row.enclose()
    row.save(force_insert=True)
    trail.record(
        "patients.item.added",
        subjects=[patient_id],
        changed=[row],
        obj=row,
        counts={"warnings": warnings} if warnings else {},
        by=by,
    )
    Patient.objects.filter(pk=patient_id).update(last_activity_at=now)
    if isinstance(row, AllergyIntolerance) and not allergies.says_none(row):
        _end_none_known(patient_id, by=by)
    return row


@transaction.atomic
def correct(
    *,
    model: type[PatientRecord],
    row_id: UUID,
    version: int,
    changes: Mapping[str, Any],
    reason: str,
    by: User,
) -> Any:
    """Write an entry's next version and keep the one before, with the reason."""
    row = versions.correct(
        model=model,
        row_id=row_id,
        version=version,
        changes=changes,
        reason=reason,
        action="patients.item.corrected",
        by=by,
    )
    _touch(row)
    return row


@transaction.atomic
def void(
    *,
    model: type[PatientRecord],
    row_id: UUID,
    version: int,
    codes: Mapping[str, str | None],
    reason: str,
    by: User,
) -> Any:
    """Mark an entry as entered in error; it stays, and says so."""
    try:
        row = versions.correct(
            model=model,
            row_id=row_id,
            version=version,
            changes=codes,
            reason=reason,
            action="patients.item.voided",
            by=by,
        )
    except versions.NothingChanged:
        raise AlreadyVoided(_("This entry is marked as entered in error already.")) from None
    _touch(row)
    return row


@transaction.atomic
def note_none_known(*, chart: Chart, by: User) -> Any:
    """Note that the patient was asked and knows of no allergy."""
    # Two people who write at once: one waits for the other.
    Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=chart.patient.pk)
    known = allergies.of(chart.patient.pk, chart.sees_restricted)
    if known.items:
        raise AllergiesKnown(
            _("Allergies are recorded. End them, or mark them as entered in error, first.")
        )
    if known.is_none_known:
        raise AllergiesKnown(_("It is noted already that no allergies are known."))
    values = {
        "code": NONE_KNOWN,
        "code_text": NONE_KNOWN["text"],
        "status": "active",
        "verification": "confirmed",
    }
    return add(model=AllergyIntolerance, patient_id=chart.patient.pk, values=values, by=by)


def _end_none_known(patient_id: UUID, *, by: User) -> None:
    """End the note that there are none, as there is one now."""
    for row in allergies.none_known_of(patient_id):
        versions.correct(
            model=AllergyIntolerance,
            row_id=row.pk,
            version=row.version,
            changes={"status": "inactive"},
            reason=gettext("An allergy was recorded."),
            action="patients.item.corrected",
            by=by,
        )


def _touch(row: Any) -> None:
    Patient.objects.filter(pk=row.patient_id).update(last_activity_at=timezone.now())
