"""Impact assessments (GDPR 35, PIPL 55-56): questions, risks, measures, and who signed them off."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.purpose import ProcessingPurpose
from security.classification import Plain
from security.ids import new_id
from security.models import User

GRADES = (1, 2, 3, 4, 5)


class ImpactAssessmentQuerySet(models.QuerySet["ImpactAssessment"]):
    """Queries over assessments."""

    def in_force(self, on: date) -> Self:
        """Keep what was signed off, is not replaced, and need not be looked at again before a day."""
        return self.filter(
            signed_at__isnull=False,
            superseded_at__isnull=True,
            review_on__gte=on,
            conclusion__in=(
                ImpactAssessment.Conclusion.GO,
                ImpactAssessment.Conclusion.WITH_MEASURES,
                ImpactAssessment.Conclusion.CONSULTED,
            ),
        )

    def due(self, by: date) -> Self:
        """Keep what must be looked at again by a day."""
        signed = self.filter(signed_at__isnull=False, superseded_at__isnull=True)
        return signed.filter(review_on__lte=by)


class ImpactAssessment(models.Model):
    """One version of the assessment of one purpose; signed off it never changes (a trigger holds that)."""

    class Conclusion(models.TextChoices):
        OPEN = "", _("Not concluded yet")
        GO = "go", _("The purpose may go ahead")
        WITH_MEASURES = "measures", _("It may go ahead with the measures named")
        CONSULTED = "consulted", _("The authority was consulted and did not object (GDPR 36)")
        STOP = "stop", _("It may not go ahead")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.ForeignKey(
        ProcessingPurpose, on_delete=models.PROTECT, related_name="assessments"
    )
    number = models.PositiveIntegerField()
    triggers = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    # Key of a question in `consent.questions` -> the answer.
    answers = models.JSONField(default=dict)
    conclusion = models.CharField(
        max_length=9, choices=Conclusion.choices, blank=True, default=Conclusion.OPEN
    )
    review_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Everybody who wrote on it: none of them signs it off.
    authors = ArrayField(models.UUIDField(), default=list)
    changed_at = models.DateTimeField(default=timezone.now)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # PIPL 56: three years at least; a trigger refuses any deletion before.
    keep_until = models.DateField(null=True)
    superseded_at = models.DateTimeField(null=True)

    objects = ImpactAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("impact assessment"), _("impact assessments")
        constraints = (
            models.UniqueConstraint(fields=["purpose", "number"], name="consent_assessment_number"),
            models.UniqueConstraint(
                fields=["purpose"],
                condition=Q(signed_at__isnull=True),
                name="consent_assessment_one_draft",
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None, keep_until=None)
                | Q(
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                    keep_until__isnull=False,
                    review_on__isnull=False,
                ),
                name="consent_assessment_signed_whole",
            ),
            models.CheckConstraint(
                condition=Q(signed_by=None) | ~Q(signed_by=F("written_by")),
                name="consent_assessment_second_person",
            ),
        )
        indexes = (models.Index(fields=["review_on"], name="consent_assessment_review"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "purpose", "number", "triggers", "answers", "conclusion", "review_on",
                "version", "written_at", "written_by", "authors", "changed_at", "signed_at",
                "signed_by", "keep_until", "superseded_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the assessment by its id."""
        return f"assessment {self.pk}"


class ImpactRisk(models.Model):
    """A risk for people: how likely and how grave it is, before and after what is done against it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    assessment = models.ForeignKey(ImpactAssessment, on_delete=models.PROTECT, related_name="risks")
    place = models.PositiveSmallIntegerField()
    risk = models.TextField()
    measures = models.TextField(blank=True, default="")
    likelihood = models.PositiveSmallIntegerField()
    severity = models.PositiveSmallIntegerField()
    likelihood_after = models.PositiveSmallIntegerField()
    severity_after = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name, verbose_name_plural = _("risk"), _("risks")
        constraints = (
            models.UniqueConstraint(fields=["assessment", "place"], name="consent_risk_place"),
            models.CheckConstraint(
                condition=Q(likelihood__range=(1, 5))
                & Q(severity__range=(1, 5))
                & Q(likelihood_after__range=(1, 5))
                & Q(severity_after__range=(1, 5)),
                name="consent_risk_grades",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "assessment", "place", "risk", "measures", "likelihood", "severity",
                "likelihood_after", "severity_after",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the risk by its place."""
        return f"{self.assessment_id} {self.place}"

    @property
    def before(self) -> int:
        """Return likelihood times severity before the measures."""
        return self.likelihood * self.severity

    @property
    def after(self) -> int:
        """Return likelihood times severity after the measures."""
        return self.likelihood_after * self.severity_after
