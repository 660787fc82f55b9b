"""Consent on paper: a printed form for one patient, good once and for a time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.consent import ConsentEvent
from consent.models.form import ConsentFormVersion
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User


class PaperForm(models.Model):
    """One printed form: its code binds patient, words, language and channel; its scan uses it up."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=16, unique=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    words = models.ForeignKey(ConsentFormVersion, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=40, blank=True, default="")
    printed_at = models.DateTimeField(default=timezone.now, editable=False)
    printed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, null=True, related_name="+")

    # A form was printed for one record and is not carried to another by a merge.
    is_kept_apart = True

    class Meta:
        verbose_name, verbose_name_plural = _("printed form"), _("printed forms")
        constraints = (
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(event__isnull=False),
                name="consent_paper_used_with_event",
            ),
        )
        indexes = (models.Index(fields=["patient", "-printed_at"], name="consent_paper_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "code", "patient", "words", "channel", "printed_at", "printed_by", "expires_at",
                "used_at", "event",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the form by its id; the code is for the paper."""
        return f"paper {self.pk}"
