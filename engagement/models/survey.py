"""What patients are asked after a visit, and what they answered; questions are public, answers sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from engagement.models.appointment import Appointment
from engagement.models.service import Service
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.sealing import (
    Category,
    EnvelopeField,
    Scope,
    SealedInteger,
    SealedModel,
    SealedQuerySet,
    SealedText,
)


class SurveyQuerySet(models.QuerySet["Survey"]):
    """Queries over surveys."""

    def active(self) -> Self:
        """Keep what patients are asked now."""
        return self.filter(is_active=True)


class Survey(models.Model):
    """Three questions after a visit: would you recommend us, how was it, what should we do better."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(max_length=120)
    title_zh = models.CharField(max_length=120)
    intro = models.CharField(max_length=400)
    intro_zh = models.CharField(max_length=400)
    # Nothing: after a visit of any kind that has no survey of its own.
    service = models.ForeignKey(Service, on_delete=models.PROTECT, null=True, related_name="+")
    # So long after the visit people are asked, and so long they may answer.
    wait_hours = models.PositiveSmallIntegerField(default=2)
    open_days = models.PositiveSmallIntegerField(default=21)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("survey"), _("surveys")
        constraints = (
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(is_active=True),
                nulls_distinct=False,
                name="engagement_survey_one_each",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "title", "title_zh", "intro", "intro_zh", "service", "wait_hours",
                "open_days", "is_active", "version", "created_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the survey."""
        return self.title

    @property
    def label(self) -> str:
        """Return its title in the reader's language."""
        return self.title_zh if _is_chinese() else self.title

    @property
    def words(self) -> str:
        """Return its introduction in the reader's language."""
        return self.intro_zh if _is_chinese() else self.intro


def _is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


class SurveyAnswerQuerySet(SealedQuerySet["SurveyAnswer"]):
    """Queries over invitations and their answers."""

    def answered(self) -> Self:
        """Keep what was answered."""
        return self.filter(answered_at__isnull=False)

    def open(self, at: datetime | None = None) -> Self:
        """Keep what may still be answered."""
        return self.filter(answered_at__isnull=True, expires_at__gt=at or timezone.now())


class SurveyAnswer(SealedModel):
    """One invitation and, once the person gave it, its one answer (FHIR QuestionnaireResponse)."""

    category, scope, seal_label = Category.CAMPAIGNS, Scope.ENGAGEMENT, "engagement.survey_answer"
    subject_field = "patient_id"

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, related_name="+"
    )
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    channel = models.CharField(max_length=12, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    # Read and dealt with by whoever keeps in touch.
    seen_at = models.DateTimeField(null=True)

    sealed_card = EnvelopeField("card")
    # 0 to 10, and 1 to 5.
    recommend = SealedInteger(level=3, purpose="feedback", card=True, blank=True)
    satisfaction = SealedInteger(level=3, purpose="feedback", card=True, blank=True)
    comment = SealedText(level=4, purpose="feedback", blank=True)

    objects = SurveyAnswerQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("survey answer"), _("survey answers")
        constraints = (
            models.UniqueConstraint(fields=["appointment"], name="engagement_answer_one_visit"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("invited_at")), name="engagement_answer_period"
            ),
        )
        indexes = (
            models.Index(fields=["-answered_at", "-id"], name="engagement_answer_when"),
            models.Index(fields=["patient", "-invited_at"], name="engagement_said_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="feedback")
            for name in (
                "survey", "patient", "appointment", "invited_at", "expires_at", "channel",
                "language", "answered_at", "seen_at",
            )
        }  # fmt: skip
