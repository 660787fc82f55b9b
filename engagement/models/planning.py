"""When people give appointments, when they do not, and the address at which a calendar is read."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.service import Room
from security.classification import Plain
from security.ids import new_id
from security.models import User


class HoursQuerySet(models.QuerySet["WorkingHours"]):
    """Queries over working hours."""

    def in_force(self) -> Self:
        """Keep hours that were not taken out."""
        return self.filter(removed_at__isnull=True)


class WorkingHours(models.Model):
    """A stretch of one weekday in which somebody gives appointments, by the clock on the clinic's wall."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    begins = models.TimeField()
    ends = models.TimeField()
    # Where this person usually is then; None where no room is needed.
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    objects = HoursQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("working hours"), _("working hours")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends__gt=F("begins")), name="engagement_workinghours_order"
            ),
            models.CheckConstraint(
                condition=Q(weekday__gte=1, weekday__lte=7), name="engagement_workinghours_weekday"
            ),
        )
        indexes = (models.Index(fields=["user", "weekday"], name="engagement_hours_of"),)

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "user", "weekday", "begins", "ends", "room", "set_at", "set_by", "removed_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.user_id} on day {self.weekday}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Queries over absences."""

    def in_force(self) -> Self:
        """Keep absences that were not taken back."""
        return self.filter(removed_at__isnull=True)

    def within(self, start: datetime, end: datetime) -> Self:
        """Keep what touches a stretch of time."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Absence(models.Model):
    """A time in which somebody, or the whole clinic, gives no appointments; never why in words."""

    class Kind(models.TextChoices):
        AWAY = "away", _("Away")
        TRAINING = "training", _("Training or meeting")
        ROUND = "round", _("Other work")
        CLOSED = "closed", _("Clinic closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # None: nobody gives appointments then.
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.AWAY)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("absence"), _("absences")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="engagement_absence_period"
            ),
            models.CheckConstraint(
                condition=Q(kind="closed", user__isnull=True)
                | (~Q(kind="closed") & Q(user__isnull=False)),
                name="engagement_absence_closed_is_everybody",
            ),
        )
        indexes = (models.Index(fields=["ends_at", "starts_at"], name="engagement_absence_when"),)

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "user", "kind", "starts_at", "ends_at", "set_at", "set_by", "removed_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.kind} {self.user_id or ''}"


class CalendarFeed(models.Model):
    """The address at which a calendar program reads somebody's times; of it a digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("calendar address"), _("calendar addresses")
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_at__isnull=True),
                name="engagement_calendarfeed_one",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in ("id", "user", "digest", "created_at", "revoked_at")
        }

    def __str__(self) -> str:
        """Name the row by whose it is."""
        return f"calendar of {self.user_id}"
