"""Alerts: what a rule noticed in the trail, who looks at it, and what it turned out to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models.event import Event
from security.classification import Category, Plain, Scope, SubjectKind
from security.models import User
from security.sealing import SealedModel, SealedQuerySet, SealedText


def in_crowd(events: str, user_id: UUID) -> Exists:
    """Tell of an outer row whether its events hold a deed of one account; watching is no such deed."""
    outer = Func(OuterRef(events), function="", output_field=ArrayField(models.UUIDField()))
    is_one = Func(
        F("pk"), outer, template="%(expressions)s", arg_joiner=" = ANY ",
        output_field=models.BooleanField(),
    )  # fmt: skip
    deeds = Event.objects.filter(is_one, actor_id=user_id)
    return Exists(deeds.exclude(action__startswith="audit."))


class AlertQuerySet(SealedQuerySet["Alert"]):
    """Queries over alerts."""

    def open(self) -> Self:
        """Keep alerts without a verdict."""
        return self.filter(verdict="")

    def count_by_verdict(self) -> list[tuple[str, str, int]]:
        """Return how many alerts each rule has with each verdict."""
        counted = self.values("rule", "verdict").annotate(number=Count("pk")).order_by()
        return list(counted.values_list("rule", "verdict", "number"))

    def room_left(self, ids: Iterable[UUID], most: int) -> Self:
        """Lock and keep open alerts that name fewer events than the most they may."""
        rows = self.select_for_update(of=("self",)).filter(pk__in=list(ids), verdict="")
        return rows.filter(Q(events__len__lt=most) | Q(events__len__isnull=True))

    def not_about(self, user_id: UUID) -> Self:
        """Keep alerts in which somebody else's doing is looked at; one on a crowd is about each in it."""
        of_crowd = Q(actor_id__isnull=True) & in_crowd("events", user_id)
        return self.exclude(actor_id=user_id).exclude(of_crowd)

    def against(self, actor_id: UUID) -> Self:
        """Keep alerts about what one account did."""
        return self.filter(actor_id=actor_id)


class Alert(SealedModel):
    """What one rule noticed about one account; raised by rules over events alone, closed with a verdict."""

    class Verdict(models.TextChoices):
        EXPLAINED = "explained", _("Explained")
        WARNED = "warned", _("Warning given")
        INCIDENT = "incident", _("Incident")

    class Response(models.TextChoices):
        NOTE = "note", _("Noted")
        ALERT = "alert", _("Alert")
        STEP_UP = "step_up", _("Fresh factor on the next request")
        THROTTLE = "throttle", _("Slowed down")
        SUSPEND = "suspend", _("Sessions suspended")

    category, scope, seal_label = Category.INCIDENTS, Scope.RECORD, "audit.alert"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    # The key of the rule, as the register of rules names it (R1, R2 ...).
    rule = models.CharField(max_length=40)
    response = models.CharField(max_length=8, choices=Response.choices)
    # Ids alone, as in the trail: an alert outlives what it tells of.
    actor_id = models.UUIDField(null=True)
    subjects = ArrayField(models.UUIDField(), default=list)
    events = ArrayField(models.UUIDField(), default=list)
    score = models.FloatField(default=1.0)
    # What makes a second finding of the same thing the same alert.
    dedupe_key = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    explanation = SealedText(level=4, purpose="accountability", blank=True)

    objects = AlertQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("alert"), _("alerts")
        constraints = (
            models.UniqueConstraint(
                fields=["rule", "dedupe_key"], name="audit_alert_once_per_finding"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(verdict="") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="audit_alert_closed_with_a_verdict",
            ),
        )
        indexes = (
            models.Index(fields=["verdict", "-raised_at"], name="audit_alert_open"),
            models.Index(fields=["actor_id", "-raised_at"], name="audit_alert_actor"),
            GinIndex(fields=["subjects"], name="audit_alert_subjects"),
        )

    def crowd(self) -> set[UUID]:
        """Return whose deeds the alert rests on where it is about nobody alone."""
        deeds = Event.objects.filter(pk__in=self.events).exclude(action__startswith="audit.")
        return {one for one in deeds.values_list("actor_id", flat=True) if one is not None}

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "rule", "response", "actor_id", "subjects", "events", "score", "dedupe_key",
                "occurred_at", "raised_at", "assigned_to", "verdict", "closed_at", "closed_by",
            )
        }  # fmt: skip
