"""Concerns about data or security: written down for the compliance desk, where each becomes an alert."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import SecurityConcern
from engagement.models.complaint import Way
from patients.services import series
from security import trail
from security.access.gate import Refused
from security.models import User

MOST_LETTERS = 10_000


class SaysNothing(Refused):
    """A concern is told in words."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said, how it came in, about whom, and where an answer goes."""

    way: str
    words: str
    patient_id: UUID | None = None
    contact: str = ""
    answer_id: UUID | None = None


@transaction.atomic
def report(*, said: Said, by: User | None) -> SecurityConcern:
    """Write a concern down; the rule that watches for it raises the alert of the officers."""
    words = said.words.strip()
    if not words or len(words) > MOST_LETTERS or said.way not in Way.values:
        raise SaysNothing(_("Say in words what happened, in at most 10,000 characters."))
    number = series.take(key="engagement.concern")
    row = SecurityConcern(
        number=f"S-{timezone.localdate().year}-{number:04d}", way=said.way, noted_by=by,
        patient_id=said.patient_id, answer_id=said.answer_id, words=words,
        contact=said.contact.strip(),
    )  # fmt: skip
    row.save()
    about = [said.patient_id] if said.patient_id else []
    trail.record("engagement.concern.reported", subjects=about, changed=[row], obj=row, by=by)
    return row
