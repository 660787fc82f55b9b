"""How long records are kept, by whose law, and what stops every erasure."""

from __future__ import annotations

from datetime import date
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import SubjectKind
from security.ids import new_id
from security.models import ClinicProfile, User
from security.sealing import Category, Plain, Scope, SealedModel, SealedQuerySet, SealedText
from security.sealing.keys import SYSTEM_SUBJECT


class RetentionRule(models.Model):
    """How long one kind of record is kept under one law; what officers set wins over what was shipped."""

    class Kind(models.TextChoices):
        OUTPATIENT = "outpatient", _("Outpatient and emergency record")
        INPATIENT = "inpatient", _("Inpatient record")
        PRESCRIPTION = "prescription", _("Prescriptions")
        BILL = "bill", _("Bills and accounts")
        CONSENT = "consent", _("Consents and authorisations")
        DISCLOSURE = "disclosure", _("Disclosure log")
        MESSAGE = "message", _("Messages and notes outside the record")
        REQUEST = "request", _("Files of rights requests")
        STAFF = "staff", _("Account of a colleague who left")
        LEAD = "lead", _("Leads who were never patients")
        TRAIL = "trail", _("Audit log")
        ASSESSMENT = "assessment", _("Impact assessments")
        SHARING = "sharing", _("Records of sharing and entrusting")
        BREACH = "breach", _("Breach files")
        TRAINING = "training", _("Training records")
        BACKUP = "backup", _("Backups")

    class Anchor(models.TextChoices):
        VISIT = "visit", _("last visit")
        DISCHARGE = "discharge", _("last discharge")
        CREATION = "creation", _("last entry")
        EFFECT = "effect", _("end of effect")
        DEATH = "death", _("death")
        LEAVING = "leaving", _("leaving")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Empty: whatever the law, as the house wants it.
    law = models.CharField(max_length=8, choices=ClinicProfile.Law.choices, blank=True, default="")
    anchor = models.CharField(max_length=9, choices=Anchor.choices)
    months = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=0)
    # Of somebody who was a minor then: so many months after coming of age, if that is later.
    minor_months = models.PositiveSmallIntegerField(null=True)
    article = models.CharField(max_length=160)
    is_on = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("retention rule"), _("retention rules")
        constraints = (
            models.CheckConstraint(
                condition=Q(months__gt=0) | Q(days__gt=0), name="consent_retentionrule_period"
            ),
        )

    class Privacy:
        # It speaks of no person.
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "key", "kind", "law", "anchor", "months", "days", "minor_months", "article",
                "is_on", "version", "changed_at", "changed_by",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the rule by its key."""
        return self.key


class LegalHoldQuerySet(SealedQuerySet["LegalHold"]):
    """Queries over legal holds."""

    def in_force(self, on: date | None = None) -> Self:
        """Keep the holds that stop erasures on a day, today by default."""
        day = on or timezone.localdate()
        return self.filter(lifted_at__isnull=True).filter(Q(until_on=None) | Q(until_on__gte=day))


class LegalHold(SealedModel):
    """What stops every erasure of one patient, or of all who were seen between two days."""

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.hold"
    subject_field = None
    is_kept_apart = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    seen_from = models.DateField(null=True)
    seen_until = models.DateField(null=True)
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # The last day on which it holds; nothing: until somebody lifts it.
    until_on = models.DateField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="accountability")
    lifted_reason = SealedText(level=4, purpose="accountability", blank=True)

    objects = LegalHoldQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("legal hold"), _("legal holds")
        constraints = (
            models.CheckConstraint(
                condition=Q(patient__isnull=False, seen_from=None, seen_until=None)
                | Q(
                    patient=None,
                    seen_from__isnull=False,
                    seen_until__isnull=False,
                    seen_until__gte=models.F("seen_from"),
                ),
                name="consent_legalhold_one_kind",
            ),
        )
        indexes = (models.Index(fields=["patient", "lifted_at"], name="consent_hold_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "patient", "seen_from", "seen_until", "set_at", "set_by", "until_on", "lifted_at",
                "lifted_by",
            )
        }  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whose key seals it: the patient's, or the system's where it is about many."""
        return SubjectKind.PATIENT if self.patient_id else SubjectKind.SYSTEM

    def _subject(self) -> UUID:
        return self.patient_id or SYSTEM_SUBJECT
