"""The working-day calendar of the clinic: days off, and weekend days that are worked instead."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import User


class CalendarDayQuerySet(models.QuerySet["CalendarDay"]):
    """Queries over the calendar."""

    def in_force(self) -> Self:
        """Keep the days that count; what was taken out stays as a row that counts no more."""
        return self.filter(removed_at__isnull=True)


class CalendarDay(models.Model):
    """One day that differs from the week; a day stands in force once."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("Day off")
        WORKED = "worked", _("Worked instead (调休)")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("day of the calendar"), _("days of the calendar")
        constraints = (
            models.UniqueConstraint(
                fields=["day"],
                condition=Q(removed_at__isnull=True),
                name="consent_calendarday_once",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "day", "kind", "name", "name_zh", "version", "changed_at", "changed_by",
                "removed_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its day."""
        return self.day.isoformat()

    @property
    def label(self) -> str:
        """Return its name in the reader's language."""
        return self.name_zh if (translation.get_language() or "").startswith("zh") else self.name
