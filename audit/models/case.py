"""Reviews of emergency accesses, and the cases inside which an officer reads a record."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models.alert import Alert, in_crowd
from security.classification import Category, Plain, Scope, SubjectKind
from security.ids import new_id
from security.models import User
from security.sealing import SealedModel, SealedQuerySet, SealedText


class ReviewQuerySet(SealedQuerySet["Review"]):
    """Queries over access reviews."""

    def waiting(self) -> Self:
        """Keep reviews without a verdict."""
        return self.filter(verdict="")

    def overdue(self, at: datetime | None = None) -> Self:
        """Keep reviews whose working day is over and that have no verdict."""
        return self.waiting().filter(due_at__lt=at or timezone.now())

    def untold(self) -> Self:
        """Keep reviews whose patient reception has to tell."""
        return self.filter(told_way=Review.Way.DESK, patient_told_at__isnull=True)


class Review(SealedModel):
    """An emergency access that somebody else looks at afterwards, within one working day."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        UNJUSTIFIED = "unjustified", _("Not justified")
        INCIDENT = "incident", _("Incident")

    class Way(models.TextChoices):
        """How the patient is told that the record was opened in an emergency."""

        EMAIL = "email", _("By e-mail to the patient's account")
        DESK = "desk", _("By reception: no account with an address")
        # What reception did of it.
        POST = "post", _("By a letter that was posted")
        HAND = "hand", _("By a letter that was handed over")
        TALK = "talk", _("By reception, in a conversation")

    category, scope, seal_label = Category.INCIDENTS, Scope.RECORD, "audit.review"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    # The event of the deed that is reviewed, its actor and its patient: ids alone, as in the trail.
    event_id = models.UUIDField(unique=True)
    actor_id = models.UUIDField()
    subject_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField()
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    escalated_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    told_way = models.CharField(max_length=5, choices=Way.choices, blank=True, default="")
    patient_told_at = models.DateTimeField(null=True)

    finding = SealedText(level=4, purpose="accountability", blank=True)

    objects = ReviewQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("access review"), _("access reviews")
        constraints = (
            models.CheckConstraint(
                condition=Q(verdict="", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(verdict="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="audit_review_decided_with_a_verdict",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("actor_id")),
                name="audit_review_by_somebody_else",
            ),
        )
        indexes = (
            models.Index(fields=["verdict", "due_at"], name="audit_review_due"),
            models.Index(
                fields=["occurred_at"],
                condition=Q(told_way="desk", patient_told_at__isnull=True),
                name="audit_review_untold",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "event_id", "actor_id", "subject_id", "occurred_at", "due_at", "assigned_to",
                "escalated_at", "verdict", "decided_at", "decided_by", "told_way",
                "patient_told_at",
            )
        }  # fmt: skip

    @property
    def waits_for_reception(self) -> bool:
        """Tell whether reception has to tell the patient."""
        return self.told_way == self.Way.DESK and self.patient_told_at is None


class CaseQuerySet(SealedQuerySet["Case"]):
    """Queries over cases."""

    def open(self) -> Self:
        """Keep cases that are not closed."""
        return self.filter(closed_at__isnull=True)

    def of(self, user_id: UUID) -> Self:
        """Keep what one officer works on."""
        return self.filter(assigned_to_id=user_id)

    def not_about(self, user_id: UUID) -> Self:
        """Keep cases in which somebody else's doing is looked at."""
        of_crowd = Q(alert__isnull=False, alert__actor_id__isnull=True)
        others = self.exclude(review__actor_id=user_id).exclude(alert__actor_id=user_id)
        return others.exclude(of_crowd & in_crowd("alert__events", user_id))


class Case(SealedModel):
    """A question that somebody answers: while it is open its assignee reads the named patients."""

    class Kind(models.TextChoices):
        ALERT = "alert", _("Alert")
        REVIEW = "review", _("Access review")
        REQUEST = "request", _("Request of a patient")
        INCIDENT = "incident", _("Incident")

    category, scope, seal_label = Category.INCIDENTS, Scope.RECORD, "audit.case"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.CharField(max_length=20, unique=True)
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, null=True, related_name="cases")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, related_name="cases")
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    question = SealedText(level=4, purpose="accountability")
    outcome = SealedText(level=4, purpose="accountability", blank=True)

    objects = CaseQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("case"), _("cases")
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="audit_case_closed_pair",
            ),
            models.UniqueConstraint(
                fields=["review"],
                condition=Q(closed_at__isnull=True),
                name="audit_case_one_open_per_review",
            ),
            models.UniqueConstraint(
                fields=["alert"],
                condition=Q(closed_at__isnull=True),
                name="audit_case_one_open_per_alert",
            ),
        )
        indexes = (
            models.Index(fields=["assigned_to", "closed_at"], name="audit_case_assigned"),
            models.Index(fields=["-opened_at"], name="audit_case_opened"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "kind", "number", "alert", "review", "opened_at", "opened_by", "assigned_to",
                "closed_at", "closed_by",
            )
        }  # fmt: skip


class CaseSubject(models.Model):
    """A patient whom a case names; what is specially protected needs a second officer's approval."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="named")
    # The patient's id, not a foreign key: what patients are is known to a higher app.
    subject_id = models.UUIDField()
    # Whether the assignee asked for what is specially protected, and who agreed.
    restricted_asked_at = models.DateTimeField(null=True)
    restricted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    restricted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("patient of a case"), _("patients of a case")
        constraints = (
            models.UniqueConstraint(fields=["case", "subject_id"], name="audit_casesubject_once"),
            models.CheckConstraint(
                condition=Q(restricted_by__isnull=True, restricted_at__isnull=True)
                | Q(restricted_by__isnull=False, restricted_at__isnull=False),
                name="audit_casesubject_restricted_pair",
            ),
        )
        indexes = (models.Index(fields=["subject_id"], name="audit_casesubject_subject"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "case", "subject_id", "restricted_asked_at", "restricted_by", "restricted_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.case_id} names {self.subject_id}"
