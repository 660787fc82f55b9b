"""Who waits for a time that is not free yet, and the times that became free and are offered."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.service import Room, Service
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedQuerySet, SealedText


class WaitingQuerySet(SealedQuerySet["WaitingEntry"]):
    """Queries over the waiting list."""

    def waiting(self) -> Self:
        """Keep who waits still."""
        return self.filter(state=WaitingEntry.State.WAITING)


class WaitingEntry(SealedModel):
    """One patient who would come sooner; whoever waits longest is asked first."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        BOOKED = "booked", _("Booked")
        WITHDRAWN = "withdrawn", _("Taken off the list")
        OVER = "over", _("The days are over")

    class Part(models.TextChoices):
        ANY = "any", _("Any time of the day")
        MORNING = "morning", _("Before noon")
        AFTERNOON = "afternoon", _("After noon")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.waiting"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # None: whoever gives the service.
    clinician = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    first_on = models.DateField()
    last_on = models.DateField()
    part = models.CharField(max_length=9, choices=Part.choices, default=Part.ANY)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    # A later appointment that is given up when an earlier time is taken.
    instead_of = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    note = SealedText(level=4, purpose="care", blank=True)

    objects = WaitingQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("waiting patient"), _("waiting patients")
        constraints = (
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="engagement_waitingentry_days"
            ),
        )
        indexes = (
            models.Index(
                fields=["service", "created_at"],
                condition=Q(state="waiting"),
                name="engagement_waiting_for",
            ),
            models.Index(fields=["patient", "state"], name="engagement_waiting_of"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "patient", "service", "clinician", "first_on", "last_on", "part", "state",
                "instead_of", "created_at", "created_by", "ended_at",
            )
        }  # fmt: skip


class SlotOffer(models.Model):
    """A time that became free, offered to somebody who waits; it is held for nobody."""

    class State(models.TextChoices):
        OPEN = "open", _("Offered")
        TAKEN = "taken", _("Taken")
        DECLINED = "declined", _("Not wanted")
        GONE = "gone", _("No longer free")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    clinician = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    offered_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("offered time"), _("offered times")
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "clinician", "starts_at"],
                condition=Q(state="open"),
                name="engagement_slotoffer_once",
            ),
        )
        indexes = (
            models.Index(
                fields=["starts_at"], condition=Q(state="open"), name="engagement_offer_open"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "id", "entry", "clinician", "room", "starts_at", "ends_at", "state", "offered_at",
                "ended_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.entry_id} {self.state}"
