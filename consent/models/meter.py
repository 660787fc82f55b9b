"""The minimisation meter: how full each declared field is, and who read it last; dated rows that stay."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import User


class MeterRunQuerySet(models.QuerySet["MeterRun"]):
    """Queries over measurements."""

    def under_way(self) -> Self:
        """Keep those that were begun and never ended."""
        return self.filter(finished_at__isnull=True)

    def finished(self) -> Self:
        """Keep whole measurements, the newest first."""
        return self.filter(finished_at__isnull=False).order_by("-finished_at", "-pk")


class MeterRun(models.Model):
    """One measurement of every declared field; stopped, it goes on where it was."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    # Since when the trail knows who read; a younger trail proves no disuse.
    trail_since = models.DateTimeField(null=True)
    # Where it goes on: the model, its last key, and per model how many rows hold something in each field.
    model = models.CharField(max_length=80, blank=True, default="")
    after = models.UUIDField(null=True)
    filled = models.JSONField(default=dict)
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_all = models.PositiveBigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)

    objects = MeterRunQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("measurement"), _("measurements")
        constraints = (
            models.UniqueConstraint(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=True),
                name="consent_meterrun_one_runs",
                nulls_distinct=False,
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "started_at", "started_by", "finished_at", "trail_since", "model", "after",
                "filled", "rows_done", "rows_all", "moved_at",
            )
        }  # fmt: skip
        operational = ("model", "after", "filled", "rows_done", "rows_all", "moved_at")

    def __str__(self) -> str:
        """Name the measurement by its id."""
        return f"measurement {self.pk}"

    @property
    def percent(self) -> int:
        """Return how much of its rows were looked at."""
        return min(100, 100 * self.rows_done // self.rows_all) if self.rows_all else 0


class MeterReading(models.Model):
    """What one measurement found for one field: counts and a moment, never a value."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(MeterRun, on_delete=models.PROTECT, related_name="readings")
    # The name the trail has for it: "label.field".
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=80)
    field = models.CharField(max_length=60)
    purpose = models.CharField(max_length=32)
    level = models.PositiveSmallIntegerField()
    is_sealed = models.BooleanField()
    rows_count = models.PositiveBigIntegerField()
    filled_count = models.PositiveBigIntegerField()
    # Of sealed fields alone: readable columns are read without an event.
    read_at = models.DateTimeField(null=True)
    read_by = models.UUIDField(null=True)
    is_unused = models.BooleanField(default=False)

    class Meta:
        verbose_name, verbose_name_plural = _("reading of the meter"), _("readings of the meter")
        constraints = (
            models.UniqueConstraint(fields=["run", "name"], name="consent_meterreading_once"),
            models.CheckConstraint(
                condition=Q(filled_count__lte=F("rows_count")), name="consent_meterreading_part"
            ),
        )
        indexes = (models.Index(fields=["run", "purpose"], name="consent_meterreading_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "run", "name", "label", "field", "purpose", "level", "is_sealed", "rows_count",
                "filled_count", "read_at", "read_by", "is_unused",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the field."""
        return self.name

    @property
    def percent(self) -> int:
        """Return the fill rate."""
        return round(100 * self.filled_count / self.rows_count) if self.rows_count else 0
