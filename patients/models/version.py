"""Earlier states of rows: a correction keeps what stood there before."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patients.models.patient import Patient
from security.models import User
from security.sealing import Category, Plain, SealedModel, SealedText


class RecordVersion(SealedModel):
    """A row as it was before a correction; its envelopes are kept as stored and open under the same keys."""

    category, seal_label = Category.CLINICAL, "patients.record_version"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=64)
    row_id = models.UUIDField()
    row_version = models.PositiveIntegerField()
    row_restricted_version = models.PositiveIntegerField(null=True)
    # The other columns of the row, as text.
    plain = models.JSONField(default=dict)
    kept_card = models.BinaryField(null=True)
    kept_body = models.BinaryField(null=True)
    kept_restricted = models.BinaryField(null=True)
    replaced_at = models.DateTimeField(default=timezone.now)
    replaced_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="care")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["row_id", "row_version"], name="patients_recordversion_one_each"
            ),
        )

    class Privacy:
        plain = {
            "patient": Plain(level=3, purpose="care"),
            "label": Plain(level=2, purpose="integrity"),
            "row_id": Plain(level=3, purpose="integrity"),
            "row_version": Plain(level=2, purpose="integrity"),
            "row_restricted_version": Plain(level=2, purpose="integrity"),
            "plain": Plain(level=3, purpose="care"),
            # Sealed already: the envelopes of the row.
            "kept_card": Plain(level=3, purpose="care"),
            "kept_body": Plain(level=3, purpose="care"),
            "kept_restricted": Plain(level=3, purpose="care"),
            "replaced_at": Plain(level=3, purpose="care"),
            "replaced_by": Plain(level=3, purpose="care"),
        }
