"""What comes in on paper about a request: the letter itself, a power of attorney, an answer of somebody."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.rights import RightsRequest
from patients.models import Patient
from security.classification import SubjectKind
from security.models import User
from security.sealing import Category, Plain, Scope, SealedModel, SealedText


class RightsScan(SealedModel):
    """One scan that belongs to a request; kept with its proof and not in the record, which may be erased."""

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.request_scan"
    subject_field = "subject_id"
    is_kept_apart = True

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="scans")
    # As the request: whose data it speaks of.
    subject_id = models.UUIDField()
    subject_of = models.CharField(
        max_length=8, choices=[(one, one) for one in SubjectKind], default=SubjectKind.PATIENT
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    media_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    file_id = models.UUIDField()

    title = SealedText(level=4, purpose="rights")
    file_key = SealedText(level=4, purpose="rights", blank=True)
    sha256 = SealedText(level=3, purpose="integrity", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("scan of a request"), _("scans of requests")
        indexes = (models.Index(fields=["request", "added_at"], name="consent_scan_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "request", "subject_id", "subject_of", "patient", "added_at", "added_by",
                "media_type", "size", "file_id",
            )
        }  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whether it is about a patient or a colleague."""
        return SubjectKind(self.subject_of)
