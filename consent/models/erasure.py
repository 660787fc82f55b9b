"""Erasures: what is to go, who agreed, how far it is, and what is left to tell of it."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest
from patients.models import Patient
from security.classification import SubjectKind
from security.ids import new_id
from security.models import User
from security.sealing import Category, Plain, Scope, SealedModel, SealedQuerySet, SealedText


class RetentionRun(models.Model):
    """What was due on one day, agreed to as a whole by a second person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=20, unique=True)
    planned_at = models.DateTimeField(default=timezone.now, editable=False)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("retention run"), _("retention runs")
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("planned_by")),
                name="consent_retentionrun_two_people",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("id", "number", "planned_at", "planned_by", "approved_at", "approved_by")
        }

    def __str__(self) -> str:
        """Name the run by its number."""
        return self.number


class ErasureQuerySet(SealedQuerySet["Erasure"]):
    """Queries over erasures."""

    def under_way(self) -> Self:
        """Keep those that are neither done nor given up."""
        states = (*Erasure.WAITING, Erasure.State.RUNNING, Erasure.State.STOPPED)
        return self.filter(state__in=states)

    def newest_first(self) -> Self:
        """Order by when they were planned, the newest first."""
        return self.order_by("-planned_at", "-id")


class Erasure(SealedModel):
    """One erasure of one person's data: planned, agreed to by others, done step by step, certified."""

    class Origin(models.TextChoices):
        REQUEST = "request", _("Asked for by the person")
        OWN = "own", _("On our own motion")
        RETENTION = "retention", _("Time of retention is over")

    class State(models.TextChoices):
        PLANNED = "planned", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        RUNNING = "running", _("Being erased")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")
        GIVEN_UP = "given_up", _("Given up")

    WAITING = (State.PLANNED, State.APPROVED)

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.erasure"
    # Proof outlives what it is about: the key of the house, not the person's, seals why it was done.
    subject_kind, subject_field = SubjectKind.SYSTEM, None
    is_kept_apart = True

    number = models.CharField(max_length=20, unique=True)
    origin = models.CharField(max_length=9, choices=Origin.choices, default=Origin.OWN)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PLANNED)
    subject_id = models.UUIDField()
    subject_of = models.CharField(
        max_length=8, choices=[(one, one) for one in SubjectKind], default=SubjectKind.PATIENT
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    request = models.ForeignKey(
        RightsRequest, on_delete=models.PROTECT, null=True, related_name="erasures"
    )
    run = models.ForeignKey(
        RetentionRun, on_delete=models.PROTECT, null=True, related_name="erasures"
    )
    # Scopes, rules, days and counts; nothing that the person said or has.
    plan = models.JSONField(default=dict)
    plan_sha256 = models.CharField(max_length=64, blank=True, default="")
    planned_at = models.DateTimeField(default=timezone.now, editable=False)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # Where the work is: written between two steps.
    step = models.CharField(max_length=80, blank=True, default="")
    steps_done = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    files_done = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)
    is_stop_asked = models.BooleanField(default=False)
    # Ids, scopes, days and a signature.
    certificate = models.JSONField(null=True)

    reason = SealedText(level=4, purpose="accountability")
    refusal = SealedText(level=4, purpose="accountability", blank=True)

    objects = ErasureQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("erasure"), _("erasures")
        constraints = (
            models.UniqueConstraint(
                fields=["subject_id"],
                condition=Q(state__in=("planned", "approved", "running", "stopped")),
                name="consent_erasure_one_at_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["state", "planned_at"], name="consent_erasure_state"),
            models.Index(fields=["subject_id"], name="consent_erasure_subject"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "number", "origin", "state", "subject_id", "subject_of", "patient", "request", "run",
                "plan", "plan_sha256", "planned_at", "planned_by", "ended_at", "ended_by", "step",
                "steps_done", "steps", "rows_done", "files_done", "moved_at", "is_stop_asked",
                "certificate",
            )
        }  # fmt: skip
        operational = (
            "step", "steps_done", "steps", "rows_done", "files_done", "moved_at", "is_stop_asked",
        )  # fmt: skip


class ErasureApproval(models.Model):
    """One person's agreement to one plan as it stood then."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="approvals")
    approved_at = models.DateTimeField(default=timezone.now, editable=False)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("approval of an erasure"), _("approvals of erasures")
        constraints = (
            models.UniqueConstraint(
                fields=["erasure", "approved_by"], name="consent_erasureapproval_once_each"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("id", "erasure", "approved_at", "approved_by")
        }

    def __str__(self) -> str:
        """Name the approval by its id."""
        return f"approval {self.pk}"


class ScopeOutcome(models.Model):
    """What became of one scope of one person's data: erased, or stored only until a day."""

    is_kept_apart = True

    class Outcome(models.TextChoices):
        ERASED = "erased", _("Erased")
        STORED = "stored", _("Stored only")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    key_scope = models.CharField(max_length=12, choices=[(one, one) for one in Scope])
    outcome = models.CharField(max_length=6, choices=Outcome.choices)
    decided_at = models.DateTimeField()
    # No foreign key: after a restore the plan may be gone, and what became of the data is not.
    erasure_id = models.UUIDField()
    number = models.CharField(max_length=20)
    approved_by = ArrayField(models.UUIDField(), default=list)
    until_on = models.DateField(null=True)
    rule_key = models.CharField(max_length=40, blank=True, default="")
    article = models.CharField(max_length=160, blank=True, default="")
    restriction = models.ForeignKey(
        ProcessingRestriction, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name, verbose_name_plural = _("outcome of an erasure"), _("outcomes of erasures")
        constraints = (
            models.UniqueConstraint(
                fields=["subject_id", "key_scope"], name="consent_scopeoutcome_one_each"
            ),
            models.CheckConstraint(
                condition=Q(outcome="stored") | Q(until_on=None), name="consent_scopeoutcome_until"
            ),
        )
        indexes = (models.Index(fields=["patient", "key_scope"], name="consent_outcome_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "subject_id", "patient", "key_scope", "outcome", "decided_at", "erasure_id",
                "number", "approved_by", "until_on", "rule_key", "article", "restriction",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the outcome by its scope and number."""
        return f"{self.key_scope} {self.outcome} {self.number}"
