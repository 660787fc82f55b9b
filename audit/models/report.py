"""Audit reports: the numbers of a week or a month, sealed, and when they are made."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import periods
from audit.periods import Period
from security.classification import Category, Plain, Scope, SubjectKind
from security.ids import new_id
from security.models import User
from security.sealing import SealedJSON, SealedModel, SealedQuerySet, SealedText

# Events of the last minute of a period may still be on their way into the trail.
SETTLED = timedelta(minutes=10)
LAST_DAY, LAST_HOUR = 28, 23


class Kind(models.TextChoices):
    """How much time a report covers."""

    WEEKLY = periods.WEEKLY, _("Week")
    MONTHLY = periods.MONTHLY, _("Month")


class ReportSchedule(models.Model):
    """When the reports of one kind are made and which roles are told; one row per kind."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, unique=True, choices=Kind.choices)
    is_on = models.BooleanField(default=True)
    # What became due while it was off is not made up for.
    on_since = models.DateTimeField(default=timezone.now)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    day = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)]
    )
    hour = models.PositiveSmallIntegerField(default=6, validators=[MaxValueValidator(LAST_HOUR)])
    recipients = ArrayField(models.CharField(max_length=40), default=list)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("schedule of reports"), _("schedules of reports")
        constraints = (
            models.CheckConstraint(
                condition=Q(weekday__lte=6, hour__lte=LAST_HOUR, day__gte=1, day__lte=LAST_DAY),
                name="audit_reportschedule_time",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "kind", "is_on", "on_since", "weekday", "day", "hour", "recipients", "version",
                "changed_at", "changed_by",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the schedule."""
        return f"schedule of {self.kind} reports"

    def due_at(self, period: Period) -> datetime:
        """Return when the report of a period is to be made."""
        day = self._day(period.ends_on)
        return max(periods.instant(day, period.zone, self.hour), period.ends_at + SETTLED)

    def _day(self, first: date) -> date:
        if self.kind == Kind.MONTHLY:
            return first.replace(day=self.day)
        return first + timedelta(days=(self.weekday - first.weekday()) % 7)


class AuditReportQuerySet(SealedQuerySet["AuditReport"]):
    """Queries over audit reports."""

    def whole(self) -> Self:
        """Keep reports of whole periods."""
        return self.filter(until__isnull=True)

    def under_way(self) -> Self:
        """Keep reports that are not made yet."""
        return self.filter(state__in=(AuditReport.State.WAITING, AuditReport.State.MAKING))


class AuditReport(SealedModel):
    """What the trail says of one period, as it was counted once; never changed after it was made."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be made")

    category, scope, seal_label = Category.TRAIL, Scope.RECORD, "audit.report"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    kind = models.CharField(max_length=8, choices=Kind.choices)
    starts_on = models.DateField()
    # The day after the last one.
    ends_on = models.DateField()
    zone = models.CharField(max_length=64)
    # Where a running period was cut; nothing for a whole one.
    until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(null=True)
    # SHA-256 of the report in its canonical form; the event of its making carries it as well.
    digest = models.CharField(max_length=64, blank=True, default="")
    # Of the work that goes on: who took it last shows by when.
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    moved_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    content = SealedJSON(level=4, purpose="accountability")

    objects = AuditReportQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("audit report"), _("audit reports")
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "starts_on"],
                condition=Q(until__isnull=True),
                name="audit_report_once_per_period",
            ),
            models.CheckConstraint(
                condition=Q(digest="", made_at__isnull=True)
                | (~Q(digest="") & Q(made_at__isnull=False)),
                name="audit_report_made_with_a_digest",
            ),
        )
        indexes = (
            models.Index(fields=["-asked_at", "-id"], name="audit_report_asked"),
            models.Index(fields=["state", "asked_at"], name="audit_report_state"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "kind", "starts_on", "ends_on", "zone", "until", "asked_at", "asked_by", "made_at",
                "digest", "state", "moved_at", "attempts",
            )
        }  # fmt: skip
        operational = ("state", "moved_at", "attempts")

    @property
    def period(self) -> Period:
        """Return the time it covers."""
        return Period(self.kind, self.starts_on, self.ends_on, self.zone, self.until)

    @property
    def is_under_way(self) -> bool:
        """Tell whether somebody has yet to make it."""
        return self.state in {self.State.WAITING, self.State.MAKING}


class ReportPaper(SealedModel):
    """An audit report as PDF in one language: set once from its numbers, kept as a sealed file."""

    category, scope, seal_label = Category.TRAIL, Scope.RECORD, "audit.report_paper"
    subject_kind, subject_field = SubjectKind.SYSTEM, None

    report = models.ForeignKey(AuditReport, on_delete=models.PROTECT, related_name="papers")
    language = models.CharField(max_length=2)
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    # SHA-256 of the file; the event of its setting carries it as well.
    digest = models.CharField(max_length=64)
    file_id = models.UUIDField()

    file_key = SealedText(level=4, purpose="accountability")

    class Meta:
        verbose_name, verbose_name_plural = _("paper of a report"), _("papers of reports")
        constraints = (
            models.UniqueConstraint(
                fields=["report", "language"], name="audit_reportpaper_once_per_language"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("report", "language", "set_at", "digest", "file_id")
        }
