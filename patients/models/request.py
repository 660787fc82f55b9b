"""Asking to be let in: access requests to the carers, and referrals to a colleague."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from patients.models.relationship import CareRelationship
from security.classification import Plain
from security.models import User
from security.sealing import Category, SealedJSON, SealedModel, SealedText

ANSWERED = Q(state="open", answered_at__isnull=True) | (
    ~Q(state="open") & Q(answered_at__isnull=False)
)


class Asked(SealedModel):
    """Base of what one colleague asks of another about a patient, and what became of it."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired without an answer")

    category = Category.CLINICAL
    subject_field: ClassVar[str | None] = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    days = models.PositiveSmallIntegerField(default=30)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    relationship = models.OneToOneField(
        CareRelationship, on_delete=models.PROTECT, null=True, related_name="+"
    )

    answer = SealedText(level=4, purpose="access", blank=True)

    class Meta:
        abstract = True

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="access")
            for name in (
                "patient", "asked_by", "asked_at", "state", "days", "answered_by", "answered_at",
                "relationship",
            )
        }  # fmt: skip


class AccessRequest(Asked):
    """A colleague asks the carers of a patient to be let in; accepted, it ends by itself."""

    seal_label = "patients.accessrequest"

    reason = SealedText(level=4, purpose="access")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=ANSWERED, name="patients_accessrequest_answered"),
            models.UniqueConstraint(
                fields=["patient", "asked_by"],
                condition=Q(state="open"),
                name="patients_accessrequest_one_open",
            ),
        )
        indexes = (models.Index(fields=["state", "-asked_at"], name="patients_accessreq_state"),)


class Referral(Asked):
    """A clinician asks a colleague about a patient; only what was chosen is shown before an answer."""

    seal_label = "patients.referral"

    asked_of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    question = SealedText(level=4, purpose="care")
    # The minimum that was chosen, as it was when it was sent: [{"title", "lines"}].
    excerpt = SealedJSON(level=4, purpose="care")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=ANSWERED, name="patients_referral_answered"),
            models.CheckConstraint(
                condition=~Q(asked_of=F("asked_by")), name="patients_referral_two_people"
            ),
            models.UniqueConstraint(
                fields=["patient", "asked_by", "asked_of"],
                condition=Q(state="open"),
                name="patients_referral_one_open",
            ),
        )
        indexes = (
            models.Index(fields=["asked_of", "state", "-asked_at"], name="patients_referral_in"),
            models.Index(fields=["asked_by", "-asked_at"], name="patients_referral_out"),
        )

    class Privacy:
        plain = {"asked_of": Plain(level=3, purpose="access")}
