"""How a person wishes to be written to: by which ways first, in which language, and when not."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedText


class ContactPreference(SealedModel):
    """The wishes of one person; they allow nothing, what is allowed stands with the consents."""

    category, scope, seal_label = Category.DEMOGRAPHICS, Scope.RECORD, "engagement.preference"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # The ways that may be used, the dearest first; empty: each that is allowed, in the clinic's order.
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    # Empty: as the record says.
    language = models.CharField(max_length=10, blank=True, default="")
    # Local hours in which nothing is sent, as "21:00-08:00"; empty: the clinic's.
    quiet = models.CharField(max_length=11, blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    note = SealedText(level=4, purpose="communication", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("wishes for messages"), _("wishes for messages")
        constraints = (
            models.UniqueConstraint(fields=["patient"], name="engagement_preference_one"),
            models.CheckConstraint(
                condition=models.Q(quiet="") | models.Q(quiet__regex=r"^\d\d:\d\d-\d\d:\d\d$"),
                name="engagement_preference_quiet",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="communication")
            for name in (
                "patient", "channels", "language", "quiet", "changed_at", "changed_by",
            )
        }  # fmt: skip
