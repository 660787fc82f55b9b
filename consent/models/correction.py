"""Corrections that a person asks for: proposed, decided by whoever may write that part, never by machine."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.rights import RightsRequest
from patients.models import Patient
from security.models import User
from security.sealing import Category, Plain, Scope, SealedModel, SealedQuerySet, SealedText


class CorrectionQuerySet(SealedQuerySet["Correction"]):
    """Queries over corrections."""

    def waiting(self) -> Self:
        """Keep those without a verdict."""
        return self.filter(verdict="")


class Correction(SealedModel):
    """What is said to be wrong and what should stand there; the verdict and what the person says to it."""

    class Area(models.TextChoices):
        """Which part of the record it is about, and so who decides."""

        DEMOGRAPHICS = "demographics", _("Name and contact")
        CLINICAL = "clinical", _("Clinical record")
        BILLING = "billing", _("Billing and payments")

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("Corrected")
        ANNOTATED = "annotated", _("Kept, with a note beside it")
        REFUSED = "refused", _("Refused")

    class Ground(models.TextChoices):
        """Why a correction may be refused (45 CFR 164.526(a)(2); PIPL 46, GDPR 16: it is accurate)."""

        ACCURATE = "accurate", _("It is accurate and complete")
        ELSEWHERE = "elsewhere", _("It was not written here, and its author can still be asked")
        OUTSIDE = "outside", _("It is not part of the record")
        CLOSED = "closed", _("The law does not open this part to the person")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.correction"
    subject_field = "patient_id"
    is_kept_apart = True

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="corrections")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=12, choices=Area.choices)
    verdict = models.CharField(max_length=9, choices=Verdict.choices, blank=True, default="")
    ground = models.CharField(max_length=9, choices=Ground.choices, blank=True, default="")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # The entry that was corrected: the earlier state that it replaced.
    replaced_id = models.UUIDField(null=True)
    disagreed_at = models.DateTimeField(null=True)
    # When those who got the old value were told (GDPR 19, 45 CFR 164.526(c)(3)).
    recipients_told_at = models.DateTimeField(null=True)
    recipients_told_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+"
    )

    wrong = SealedText(level=4, purpose="rights")
    right = SealedText(level=4, purpose="rights")
    finding = SealedText(level=4, purpose="rights", blank=True)
    disagreement = SealedText(level=4, purpose="rights", blank=True)

    objects = CorrectionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("correction"), _("corrections")
        constraints = (
            models.CheckConstraint(
                condition=Q(verdict="", decided_at=None, decided_by=None)
                | (~Q(verdict="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="consent_correction_decided_with_a_verdict",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="consent_correction_by_somebody_else",
            ),
        )
        indexes = (
            models.Index(fields=["verdict", "proposed_at"], name="consent_correction_waiting"),
            models.Index(fields=["patient"], name="consent_correction_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "request", "patient", "area", "verdict", "ground", "proposed_at", "proposed_by",
                "decided_at", "decided_by", "replaced_id", "disagreed_at", "recipients_told_at",
                "recipients_told_by",
            )
        }  # fmt: skip
