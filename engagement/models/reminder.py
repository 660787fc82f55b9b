"""Reminders of appointments: when each is due, by which ways, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.appointment import Appointment
from patients.models import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedQuerySet, SealedText


class ReminderQuerySet(SealedQuerySet["Reminder"]):
    """Queries over reminders."""

    def due(self, at: datetime) -> Self:
        """Keep what is to be sent by then."""
        return self.filter(state=Reminder.State.PLANNED, due_at__lte=at)

    def to_call(self) -> Self:
        """Keep what reached nobody and was not dealt with by a person."""
        return self.filter(state=Reminder.State.UNREACHED, handled_at__isnull=True)


class Reminder(SealedModel):
    """One reminder of one time of an appointment; a moved appointment gets new ones."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        QUEUED = "queued", _("Handed to delivery")
        SKIPPED = "skipped", _("Not needed")
        UNREACHED = "unreached", _("Reaches nobody")
        DROPPED = "dropped", _("Dropped")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.reminder"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="reminders")
    # The time that it is about.
    starts_at = models.DateTimeField()
    hours = models.PositiveSmallIntegerField(default=24)
    channels = ArrayField(models.CharField(max_length=12), default=list)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLANNED)
    # One word why it was not sent, as the ways to reach people name it.
    why = models.CharField(max_length=16, blank=True, default="")
    channel = models.CharField(max_length=12, blank=True, default="")
    message_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    # What somebody did instead: called, and what was said.
    outcome = SealedText(level=4, purpose="care", blank=True)

    objects = ReminderQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("reminder"), _("reminders")
        constraints = (
            models.UniqueConstraint(
                fields=["appointment", "hours", "starts_at"], name="engagement_reminder_once"
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"], condition=Q(state="planned"), name="engagement_reminder_due"
            ),
            models.Index(
                fields=["starts_at"],
                condition=Q(state="unreached"),
                name="engagement_reminder_call",
            ),
            models.Index(fields=["patient", "-starts_at"], name="engagement_reminder_of"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="delivery")
            for name in (
                "patient", "appointment", "starts_at", "hours", "channels", "due_at", "state", "why",
                "channel", "message_id", "created_at", "settled_at", "handled_at", "handled_by",
            )
        }  # fmt: skip
