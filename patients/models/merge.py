"""Two records that were found to be one person's: what was joined, so that it can be taken apart again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from security.models import User
from security.sealing import Category, Plain, SealedJSON, SealedModel, SealedText


class Merge(SealedModel):
    """One record taken into another; it lists every row that moved, until it is undone."""

    category, seal_label = Category.DEMOGRAPHICS, "patients.merge"
    subject_field = "patient_id"

    # The record that stays and the one that was taken into it.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # The version of the record that stays, just before.
    survivor_version = models.PositiveIntegerField(default=1)
    survivor_active_at = models.DateTimeField(default=timezone.now)
    merged_at = models.DateTimeField(default=timezone.now)
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    # Model -> ids of the rows that moved.
    moved = SealedJSON(level=3, purpose="integrity")
    reason = SealedText(level=4, purpose="integrity")
    undone_reason = SealedText(level=4, purpose="integrity")

    class Meta:
        verbose_name, verbose_name_plural = _("merge"), _("merges")
        constraints = (
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=Q(undone_at__isnull=True),
                name="patients_merge_one_open",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in (
                "patient", "absorbed", "survivor_version", "survivor_active_at", "merged_at", "merged_by",
                "undone_at", "undone_by",
            )
        }  # fmt: skip
