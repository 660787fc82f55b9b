"""What every part of a patient's record has in common."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from security.sealing import Category, EnvelopeField, Plain, SealedJSON, SealedModel


class PatientRecord(SealedModel):
    """One item of one patient's record; corrected by a new version, never overwritten."""

    class Confidentiality(models.TextChoices):
        """The codes of HL7 v3 Confidentiality that this product tells apart."""

        NORMAL = "N", _("Normal")
        RESTRICTED = "R", _("Restricted")

    category = Category.CLINICAL
    subject_field: ClassVar[str | None] = "patient_id"

    # The index on (patient, occurred_at) serves the foreign key as well.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    confidentiality = models.CharField(
        max_length=1, choices=Confidentiality.choices, default=Confidentiality.NORMAL
    )
    occurred_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Keyed hash of where an imported item came from; a second import finds it by this.
    source_key = models.BinaryField(max_length=16, null=True, editable=False)

    sealed_card = EnvelopeField("card")
    # Elements of the FHIR resource without a field of their own, kept for export.
    extra = SealedJSON(level=4, purpose="care")

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(
                fields=["patient", "source_key"], name="%(app_label)s_%(class)s_one_source"
            ),
        )
        indexes = (models.Index(fields=["patient", "-occurred_at"], name="rec_%(class)s_when"),)

    class Privacy:
        plain = {
            "patient": Plain(level=3, purpose="care"),
            "confidentiality": Plain(level=3, purpose="access"),
            "occurred_at": Plain(level=3, purpose="care"),
            "created_at": Plain(level=2, purpose="integrity"),
            "source_key": Plain(level=3, purpose="import"),
        }


class EncounterRecord(PatientRecord):
    """An item of the record that may belong to an encounter."""

    encounter = models.ForeignKey(
        "patients.Encounter", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta(PatientRecord.Meta):
        abstract = True

    class Privacy:
        plain = {"encounter": Plain(level=3, purpose="care")}
