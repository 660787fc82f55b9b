"""Visits, stays and calls."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.directory import Organization, Practitioner
from patients.models.protected import Protectable
from patients.models.record import PatientRecord
from security.sealing import Plain, SealedInstant, SealedJSON, SealedText


class Encounter(Protectable, PatientRecord):
    """One contact of a patient with the clinic; it begins at `occurred_at`."""

    seal_label = "patients.encounter"

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class_code = SealedText(level=4, purpose="care", card=True)
    type_text = SealedText(level=4, purpose="care", card=True)
    status = SealedText(level=4, purpose="care", card=True)
    encounter_class = SealedJSON(level=4, purpose="care")
    types = SealedJSON(level=4, purpose="care")
    ended_at = SealedInstant(level=4, purpose="care")
    reason_text = SealedText(level=4, purpose="care")
    reasons = SealedJSON(level=4, purpose="care")
    restricted_note = SealedText(level=5, purpose="care")

    class Meta(PatientRecord.Meta):
        verbose_name, verbose_name_plural = _("encounter"), _("encounters")

    class Privacy:
        plain = {
            "practitioner": Plain(level=3, purpose="care"),
            "organization": Plain(level=3, purpose="care"),
        }
