"""What monitoring keeps: how far it came, which accesses it saw, how rules are set, who works together."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Category, Plain, Scope, SubjectKind
from security.models import User
from security.sealing import SealedModel, SealedQuerySet, SealedText


class WatchCursor(models.Model):
    """How far monitoring came; there is one.

    Events are looked at from `since` on. It moves on to `next_since` only when every transaction that was
    open at that time is over, so that one which commits late is not passed by.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    since = models.DateTimeField()
    next_since = models.DateTimeField()
    next_xid = models.BigIntegerField()
    ran_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="audit_watchcursor_one"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("id", "since", "next_since", "next_xid", "ran_at")
        }

    def __str__(self) -> str:
        """Name the place."""
        return f"watched since {self.since:%Y-%m-%d %H:%M}"


class Watched(models.Model):
    """An event after `since` that was looked at already; deleted when `since` has passed it."""

    event_id = models.UUIDField(primary_key=True)
    recorded_at = models.DateTimeField(db_index=True)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability") for name in ("event_id", "recorded_at")
        }

    def __str__(self) -> str:
        """Name the event."""
        return f"watched {self.pk}"


class Access(models.Model):
    """A patient's record opened in one request, and what explains it; derived from the trail."""

    request_id = models.UUIDField(primary_key=True)
    event_id = models.UUIDField()
    actor_id = models.UUIDField()
    # The patient as the event names it: a merge does not change what was opened.
    subject_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    role = models.CharField(max_length=40)
    basis = models.CharField(max_length=40)
    # Nothing explains an access without a ground.
    ground = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        verbose_name, verbose_name_plural = _("access"), _("accesses")
        indexes = (
            models.Index(fields=["actor_id", "occurred_at"], name="audit_access_actor"),
            models.Index(fields=["subject_id", "occurred_at"], name="audit_access_subject"),
            models.Index(fields=["occurred_at"], name="audit_access_when"),
            models.Index(
                fields=["occurred_at", "actor_id"],
                condition=Q(ground=""),
                name="audit_access_unexplained",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "request_id", "event_id", "actor_id", "subject_id", "occurred_at", "role", "basis",
                "ground",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the request."""
        return f"access {self.pk}"


class RuleSetting(models.Model):
    """How an officer set a rule: off, or with another threshold; without a row it is as registered."""

    key = models.CharField(max_length=8, primary_key=True)
    is_on = models.BooleanField(default=True)
    threshold = models.FloatField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("setting of a rule"), _("settings of rules")
        constraints = (
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__gt=0),
                name="audit_rulesetting_threshold",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("key", "is_on", "threshold", "changed_at", "changed_by")
        }

    def __str__(self) -> str:
        """Name the rule."""
        return f"setting of {self.key}"


class CompanionQuerySet(SealedQuerySet["Companion"]):
    """Queries over pairs that work together."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep pairs that hold at an instant, now by default."""
        now = at or timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now)


class Companion(SealedModel):
    """Two who work together: a colleague and a patient, or two colleagues; it explains accesses."""

    class Kind(models.TextChoices):
        PATIENT = "patient", _("A colleague and a patient")
        COLLEAGUE = "colleague", _("Two colleagues")

    category, scope, seal_label = Category.INCIDENTS, Scope.RECORD, "audit.companion"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    kind = models.CharField(max_length=9, choices=Kind.choices)
    # Ids alone, as in the trail.
    actor_id = models.UUIDField()
    other_id = models.UUIDField()
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="accountability")

    objects = CompanionQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("working pair"), _("working pairs")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")), name="audit_companion_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(actor_id=F("other_id")), name="audit_companion_two"
            ),
        )
        indexes = (models.Index(fields=["actor_id", "ends_at"], name="audit_companion_actor"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "kind", "actor_id", "other_id", "starts_at", "ends_at", "made_by", "ended_by",
            )
        }  # fmt: skip
