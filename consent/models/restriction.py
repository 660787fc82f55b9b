"""What may no longer be done with a patient's data: restrictions, objections, storage only."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.purpose import ProcessingPurpose
from consent.models.rights import RightsRequest
from patients.models import Patient
from security.models import User
from security.sealing import Category, Plain, Scope, SealedModel, SealedQuerySet, SealedText


class ProcessingRestrictionQuerySet(SealedQuerySet["ProcessingRestriction"]):
    """Queries over restrictions."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep what holds at an instant, now by default."""
        now = at or timezone.now()
        return self.filter(starts_at__lte=now).filter(Q(ends_at=None) | Q(ends_at__gt=now))


class ProcessingRestriction(SealedModel):
    """A limit on the use of one patient's data, from an instant to another or until it is lifted."""

    class Kind(models.TextChoices):
        RESTRICTED = "restricted", _("Restriction of processing (GDPR 18, PIPL 44)")
        OBJECTION = "objection", _("Objection to a purpose (GDPR 21)")
        SELF_PAY = "self_pay", _("Paid by the patient: not for the health plan (HIPAA)")
        STORAGE = "storage", _("Stored only, until the law lets it be erased (PIPL 47)")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.restriction"
    subject_field = "patient_id"
    is_kept_apart = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Empty: every purpose, every category.
    purpose = models.ForeignKey(
        ProcessingPurpose, on_delete=models.PROTECT, null=True, related_name="+"
    )
    categories = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    request = models.ForeignKey(
        RightsRequest, on_delete=models.PROTECT, null=True, related_name="restrictions"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="accountability")

    objects = ProcessingRestrictionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("restriction"), _("restrictions")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")),
                name="consent_restriction_ends_after_start",
            ),
        )
        indexes = (models.Index(fields=["patient", "ends_at"], name="consent_restriction_force"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "patient", "kind", "purpose", "categories", "request", "starts_at", "ends_at",
                "set_by", "ended_by",
            )
        }  # fmt: skip
