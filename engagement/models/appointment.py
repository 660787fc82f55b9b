"""Who comes when, to whom and what for; the time is readable, what is said about it is sealed."""

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


class AppointmentQuerySet(SealedQuerySet["Appointment"]):
    """Queries over appointments."""

    def standing(self) -> Self:
        """Keep what takes a time: neither cancelled nor missed."""
        return self.exclude(state__in=Appointment.GIVEN_UP)


class Appointment(SealedModel):
    """One patient's time with one clinician (FHIR Appointment); moved and cancelled, never deleted."""

    class State(models.TextChoices):
        """The codes of FHIR AppointmentStatus that this product tells apart."""

        PROPOSED = "proposed", _("Asked for")
        BOOKED = "booked", _("Booked")
        ARRIVED = "arrived", _("Arrived")
        # With the clinician (FHIR Encounter in-progress).
        STARTED = "started", _("With the clinician")
        # Seen by the clinician.
        FULFILLED = "fulfilled", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        NOSHOW = "noshow", _("Did not come")

    GIVEN_UP = ("cancelled", "noshow")
    AHEAD = ("proposed", "booked")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.appointment"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    clinician = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.BOOKED)
    # What the patient answered to a reminder.
    confirmed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source_key = models.BinaryField(max_length=16, null=True, editable=False)
    # The care relationship that this appointment gives the clinician; it ends with it.
    reach_id = models.UUIDField(null=True, editable=False)

    note = SealedText(level=4, purpose="care", blank=True)
    cancel_reason = SealedText(level=4, purpose="care", blank=True)

    objects = AppointmentQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("appointment"), _("appointments")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="engagement_appointment_period"
            ),
            models.UniqueConstraint(
                fields=["patient", "source_key"], name="engagement_appointment_one_source"
            ),
        )
        indexes = (
            models.Index(fields=["clinician", "starts_at"], name="engagement_appt_of"),
            models.Index(fields=["starts_at"], name="engagement_appt_when"),
            models.Index(fields=["patient", "-starts_at"], name="engagement_appt_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "patient", "service", "clinician", "room", "starts_at", "ends_at", "state",
                "confirmed_at", "arrived_at", "started_at", "done_at", "cancelled_at", "created_at",
                "booked_by", "source_key", "reach_id",
            )
        }  # fmt: skip


class Claim(models.Model):
    """Five minutes of a clinician or a room, taken by one appointment; two can not hold the same.

    Derived from appointments. Without a foreign key: a claim whose appointment stands no more holds nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The clinician's or the room's id.
    resource_id = models.UUIDField()
    unit_at = models.DateTimeField()
    appointment_id = models.UUIDField(db_index=True)

    class Meta:
        verbose_name, verbose_name_plural = _("taken time"), _("taken times")
        constraints = (
            models.UniqueConstraint(
                fields=["resource_id", "unit_at"], name="engagement_claim_once"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in ("id", "resource_id", "unit_at", "appointment_id")
        }

    def __str__(self) -> str:
        """Name the row by its resource."""
        return f"{self.resource_id} {self.unit_at:%Y-%m-%dT%H:%M}"
