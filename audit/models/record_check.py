"""Comparisons of all rows with the trail: how far one is, and what it found."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id


class RecordCheckQuerySet(models.QuerySet["RecordCheck"]):
    """Queries over comparisons."""

    def unfinished(self) -> Self:
        """Keep those that were begun and never ended."""
        return self.filter(state=RecordCheck.State.RUNNING)

    def newest_first(self) -> Self:
        """Order by their beginning, the newest first."""
        return self.order_by("-started_at", "-id")


class RecordCheck(models.Model):
    """One comparison of every row with its newest state; stopped, it goes on where it was."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        CLEAN = "clean", _("Nothing found")
        FOUND = "found", _("Differences found")
        GIVEN_UP = "given_up", _("Given up")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    # Where it goes on: the model, whether rows or states are read, and the last key that was compared.
    model = models.CharField(max_length=80, blank=True, default="")
    reads_states = models.BooleanField(default=False)
    after = models.UUIDField(null=True)
    rows_done = models.PositiveBigIntegerField(default=0)
    findings_count = models.PositiveBigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)

    objects = RecordCheckQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("comparison of records"), _("comparisons of records")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="audit_recordcheck_ends_once",
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="running"),
                name="audit_recordcheck_one_runs",
            ),
        )
        indexes = (models.Index(fields=["-started_at"], name="audit_recordcheck_started"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in (
                "id", "started_at", "finished_at", "state", "model", "reads_states", "after", "rows_done",
                "findings_count", "moved_at",
            )
        }  # fmt: skip
        operational = (
            "model", "reads_states", "after", "rows_done", "findings_count", "moved_at",
        )  # fmt: skip

    def __str__(self) -> str:
        """Name the comparison by its id."""
        return f"record check {self.pk}"


class RecordFinding(models.Model):
    """One row that was not what the trail says when it was compared."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    check_run = models.ForeignKey(RecordCheck, on_delete=models.PROTECT, related_name="findings")
    model = models.CharField(max_length=80)
    object_id = models.UUIDField()
    why = models.CharField(max_length=12)
    found_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("finding"), _("findings")
        constraints = (
            models.UniqueConstraint(
                fields=["check_run", "model", "object_id"], name="audit_recordfinding_once"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("id", "check_run", "model", "object_id", "why", "found_at")
        }

    def __str__(self) -> str:
        """Name the row and what is wrong with it."""
        return f"{self.model} {self.object_id} {self.why}"
