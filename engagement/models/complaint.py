"""Complaints, suggestions and praise as cases; concerns about security, for the compliance desk alone."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import Plain, SubjectKind
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedQuerySet, SealedText
from security.sealing.keys import SYSTEM_SUBJECT


class Way(models.TextChoices):
    """How it came in."""

    DESK = "desk", _("At the clinic")
    PHONE = "phone", _("By phone")
    LETTER = "letter", _("By letter")
    EMAIL = "email", _("By e-mail")
    SURVEY = "survey", _("In a survey")
    PORTAL = "portal", _("By the portal")


class Said(SealedModel):
    """What a patient, or somebody nobody knows, said to the clinic: sealed for whom it is about."""

    scope = Scope.ENGAGEMENT
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    way = models.CharField(max_length=8, choices=Way.choices)
    received_at = models.DateTimeField(default=timezone.now)
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # The answer to a survey that it was said in.
    answer_id = models.UUIDField(null=True)

    class Meta:
        abstract = True

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="feedback")
            for name in ("patient", "way", "received_at", "noted_at", "noted_by", "answer_id")
        }

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whose key seals it: the patient's, or the system's where nobody knows who said it."""
        return SubjectKind.PATIENT if self.patient_id else SubjectKind.SYSTEM

    def _subject(self) -> UUID:
        return self.patient_id or SYSTEM_SUBJECT


class ComplaintQuerySet(SealedQuerySet["Complaint"]):
    """Queries over complaints."""

    def open(self) -> Self:
        """Keep what was not answered yet."""
        return self.filter(closed_at__isnull=True)


class Complaint(Said):
    """One case: somebody owns it, it has a day, and it ends with a finding and an answer."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("Complaint")
        SUGGESTION = "suggestion", _("Suggestion")
        PRAISE = "praise", _("Praise")

    class Theme(models.TextChoices):
        WAITING = "waiting", _("Waiting and appointments")
        CONDUCT = "conduct", _("Manner of the staff")
        TREATMENT = "treatment", _("Treatment and nursing")
        INFORMATION = "information", _("Information and explanation")
        BILLING = "billing", _("Bills and prices")
        PREMISES = "premises", _("Rooms and cleanliness")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("Justified")
        PARTLY = "partly", _("Justified in part")
        NOT_UPHELD = "not_upheld", _("Not justified")
        NOTED = "noted", _("Noted with thanks")
        WITHDRAWN = "withdrawn", _("Taken back")

    class AnswerWay(models.TextChoices):
        """How the answer went out."""

        TOLD = "told", _("Told in person or by phone")
        LETTER = "letter", _("By letter")
        EMAIL = "email", _("By e-mail, without content")
        NONE = "none", _("No answer was wanted")

    category, seal_label = Category.MESSAGES, "engagement.complaint"

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMPLAINT)
    theme = models.CharField(max_length=12, choices=Theme.choices)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    extended_at = models.DateTimeField(null=True)
    told_late_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    answer_way = models.CharField(max_length=6, choices=AnswerWay.choices, blank=True, default="")

    words = SealedText(level=4, purpose="feedback")
    # Who complains and where an answer goes, where it is no patient of ours.
    contact = SealedText(level=3, purpose="feedback", blank=True)
    extension = SealedText(level=4, purpose="feedback", blank=True)
    finding = SealedText(level=4, purpose="feedback", blank=True)
    answer = SealedText(level=4, purpose="feedback", blank=True)

    objects = ComplaintQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("complaint"), _("complaints")
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="")
                | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="engagement_complaint_closed_pair",
            ),
        )
        indexes = (
            models.Index(fields=["closed_at", "due_on"], name="engagement_complaint_due"),
            models.Index(fields=["-received_at"], name="engagement_complaint_when"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="feedback")
            for name in (
                "number", "kind", "theme", "owner", "due_on", "extended_at", "told_late_at",
                "closed_at", "closed_by", "outcome", "answer_way",
            )
        }  # fmt: skip


class SecurityConcern(Said):
    """A concern about data or security: an alert at the compliance desk, and read nowhere else."""

    category, seal_label = Category.INCIDENTS, "engagement.concern"

    number = models.CharField(max_length=20, unique=True)

    words = SealedText(level=4, purpose="accountability")
    contact = SealedText(level=3, purpose="accountability", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("security concern"), _("security concerns")
        indexes = (models.Index(fields=["-received_at"], name="engagement_concern_when"),)

    class Privacy:
        plain = {"number": Plain(level=3, purpose="accountability")}
