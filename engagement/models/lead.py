"""People who asked and are not patients yet: kept under a key of their own, and not for long."""

from __future__ import annotations

from datetime import date
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.service import Service
from patients.models import Patient
from security.classification import Plain, SubjectKind
from security.models import User
from security.sealing import (
    Category,
    EnvelopeField,
    Scope,
    SealedModel,
    SealedQuerySet,
    SealedText,
)


class LeadQuerySet(SealedQuerySet["Lead"]):
    """Queries over enquiries."""

    def open(self) -> Self:
        """Keep what somebody still works on."""
        return self.filter(state__in=Lead.OPEN)

    def unconverted(self) -> Self:
        """Keep people who did not become patients."""
        return self.filter(patient__isnull=True)

    def due(self, on: date) -> Self:
        """Keep people whose data are to be deleted by a day."""
        return self.unconverted().filter(delete_on__lte=on)


class Lead(SealedModel):
    """One enquiry or referral in; deleted with its key on its day, or taken over into a patient's record."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        CONTACTED = "contacted", _("Contacted")
        APPOINTMENT = "appointment", _("Appointment agreed")
        WON = "won", _("Became a patient")
        LOST = "lost", _("Will not come")

    class Source(models.TextChoices):
        FORM = "form", _("Enquiry form")
        PHONE = "phone", _("By phone")
        WALK_IN = "walk_in", _("Came by")
        REFERRAL = "referral", _("Referred by a doctor or clinic")
        PATIENT = "patient", _("Recommended by a patient")
        EVENT = "event", _("Event or talk")

    class Lost(models.TextChoices):
        NO_ANSWER = "no_answer", _("Can not be reached")
        ELSEWHERE = "elsewhere", _("Went elsewhere")
        PRICE = "price", _("Too expensive")
        NOT_OFFERED = "not_offered", _("We do not offer it")
        SPAM = "spam", _("Not a real enquiry")
        OTHER = "other", _("Another reason")

    OPEN = ("new", "contacted", "appointment")

    category, scope, seal_label = Category.CAMPAIGNS, Scope.RECORD, "engagement.lead"
    subject_kind = SubjectKind.LEAD
    # Whose data it is: the person's own until the person is a patient, then the patient's.
    heir_field = "patient_id"

    state = models.CharField(max_length=11, choices=State.choices, default=State.NEW)
    source = models.CharField(max_length=8, choices=Source.choices)
    language = models.CharField(max_length=10, blank=True, default="")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    moved_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lost_why = models.CharField(max_length=12, choices=Lost.choices, blank=True, default="")
    # On this day the key is destroyed and the row deleted, unless the person became a patient.
    delete_on = models.DateField()
    # When the person agreed to be contacted, after which versions of the notices, in which language.
    consented_at = models.DateTimeField(null=True)
    notices = ArrayField(models.UUIDField(), default=list)
    notice_language = models.CharField(max_length=10, blank=True, default="")
    notice_digests = ArrayField(models.CharField(max_length=64), default=list)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    converted_at = models.DateTimeField(null=True)

    sealed_card = EnvelopeField("card")
    name = SealedText(level=3, purpose="enquiry", card=True)
    phone = SealedText(level=3, purpose="enquiry", card=True, blank=True)
    email = SealedText(level=3, purpose="enquiry", card=True, blank=True)
    message = SealedText(level=4, purpose="enquiry", blank=True)
    # Who sent the person, where it is a referral in or a recommendation.
    referrer = SealedText(level=3, purpose="enquiry", blank=True)
    note = SealedText(level=4, purpose="enquiry", blank=True)

    objects = LeadQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("enquiry"), _("enquiries")
        constraints = (
            models.CheckConstraint(
                condition=Q(patient=None) | Q(state="won"), name="engagement_lead_patient_won"
            ),
            models.CheckConstraint(
                condition=Q(state="lost") | Q(lost_why=""), name="engagement_lead_lost_why"
            ),
        )
        indexes = (
            models.Index(fields=["state", "-moved_at"], name="engagement_lead_board"),
            models.Index(
                fields=["delete_on"], condition=Q(patient=None), name="engagement_lead_due"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="enquiry")
            for name in (
                "state", "source", "language", "service", "created_at", "moved_at", "created_by",
                "owner", "lost_why", "delete_on", "consented_at", "notices", "notice_language",
                "notice_digests", "patient", "converted_at",
            )
        }  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whose key seals it: the person's own until a patient's record takes it over."""
        return SubjectKind.PATIENT if self.patient_id else SubjectKind.LEAD

    @property
    def subject_id(self) -> UUID:
        """Return whose data it is now."""
        return self.patient_id or self.pk
