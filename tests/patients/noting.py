"""Notes for tests: how they are written, and what their words must never reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from patients.models import Note, Patient
from patients.services import notes
from security.models import Clearance, User
from tests.patients import cast

SOAP = {"subjective": "CANARY coughs at night", "plan": "Spirometry"}


def clinician(patient: Patient, role: str = "physician", *, cleared: bool = False) -> User:
    """Make a colleague who cares for the patient."""
    user = cast.staff(role)
    cast.care(user, patient)
    if cleared:
        with transaction.atomic():
            Clearance.objects.create(user=user, reason="named")
    return user


def write(patient: Patient, author: User, *, is_restricted: bool = False, **said: Any) -> Note:
    """Write a note as its author."""
    words = {
        "template": "soap", "title": "CANARY title", "sections": SOAP,
        "occurred_at": timezone.now() - timedelta(hours=1),
    }  # fmt: skip
    with cast.acting(author):
        return notes.write(
            patient_id=patient.pk, is_restricted=is_restricted, by=author, **(words | said)
        )


def signed(patient: Patient, author: User, **said: Any) -> Note:
    """Write a note and sign it."""
    row = write(patient, author, **said)
    with cast.acting(author):
        return notes.sign(note_id=row.pk, version=1, by=author)


def form(**said: Any) -> dict[str, Any]:
    """Return what the form of a note sends."""
    at = timezone.localtime() - timedelta(hours=1)
    return {
        "template": "soap", "title": "Cough", "occurred_at": at.strftime("%Y-%m-%dT%H:%M"),
        "subjective": "Coughs at night", "objective": "", "assessment": "", "plan": "Spirometry",
    } | said  # fmt: skip
