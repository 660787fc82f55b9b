"""Imports of CSV files: the uploaded file, how far it is, what came of its rows, what was wrong with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import (
    Category,
    EnvelopeField,
    SealedJSON,
    SealedModel,
    SealedQuerySet,
    SealedText,
    SubjectKind,
)


class ImportBatchQuerySet(SealedQuerySet["ImportBatch"]):
    """Queries for imports."""

    def at_work(self) -> Self:
        """Keep those that wait for a process or have one."""
        return self.filter(status__in=ImportBatch.AT_WORK)

    def free(self, now: datetime) -> Self:
        """Keep those at work whose process has given no sign of life in time, or that have none."""
        idle = models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=now)
        return self.at_work().filter(idle)


class ImportBatch(SealedModel):
    """One uploaded file and its way into the records, chunk by chunk; the file lies sealed beside it."""

    class Status(models.TextChoices):
        """Where a file stands."""

        UPLOADED = "uploaded", _("Columns to be matched")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked, ready to import")
        REFUSED = "refused", _("Not readable")
        RUNNING = "running", _("Being imported")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        DONE = "done", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    AT_WORK = (Status.CHECKING, Status.RUNNING, Status.UNDOING)
    LEASE = timedelta(seconds=60)

    category, seal_label = Category.ADMINISTRATION, "patients.import_batch"
    subject_kind, subject_field = SubjectKind.USER, "uploaded_by_id"

    importer = models.CharField(max_length=40)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Who started it last: the work goes on under this name, as long as the role lasts.
    acting_for = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)
    # The purpose that was stated; the work goes on under it without the person's session.
    purpose = models.CharField(max_length=12)
    file_id = models.UUIDField(null=True)
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=16)
    delimiter = models.CharField(max_length=1)
    day_order = models.CharField(max_length=3, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    # What was being done when it was paused, so that going on means the same.
    paused_from = models.CharField(max_length=10, blank=True, default="")
    # Why it was refused or paused, a code of `imports.faults`, and the row where it was seen.
    problem = models.CharField(max_length=40, blank=True, default="")
    problem_row = models.PositiveIntegerField(null=True)
    # Estimated from the line ends while it is uploaded, counted while it is checked.
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    rows_created = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_failed = models.PositiveIntegerField(default=0)
    rows_kept = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    sealed_card = EnvelopeField("card")
    file_name = SealedText(level=3, purpose="import", card=True)

    file_key = SealedText(level=4, purpose="import")
    headers = SealedJSON(level=3, purpose="import")
    # The first rows, for whoever matches the columns.
    sample = SealedJSON(level=4, purpose="import")
    # Column of the importer -> place in the file.
    mapping = SealedJSON(level=3, purpose="import")

    objects = ImportBatchQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("import"), _("imports")
        indexes = (models.Index(fields=["-uploaded_at"], name="patients_importbatch_latest"),)

    class Privacy:
        operational = (
            "status", "paused_from", "problem", "problem_row", "rows_total", "rows_done", "rows_created",
            "rows_changed", "rows_unchanged", "rows_failed", "rows_kept", "began_at", "ended_at", "lease",
            "lease_until", "file_id", "acting_for_id",
        )  # fmt: skip
        plain = {
            name: Plain(level=2, purpose="import")
            for name in (
                *operational[:-1], "acting_for", "importer", "uploaded_by", "uploaded_at", "purpose",
                "size", "encoding", "delimiter", "day_order",
            )
        }  # fmt: skip

    @property
    def is_at_work(self) -> bool:
        """Tell whether a process works on it or will soon."""
        return self.status in self.AT_WORK


class ImportChunk(models.Model):
    """What one transaction of an import made: so it goes on exactly here, and can be undone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    created = ArrayField(models.UUIDField(), default=list)
    changed = ArrayField(models.UUIDField(), default=list)
    # The version that each changed row has since this import.
    changed_versions = ArrayField(models.PositiveIntegerField(), default=list)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["batch", "number"], name="patients_importchunk_one_each"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="import")
            for name in (
                "id", "batch", "number", "created", "changed", "changed_versions", "undone_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the chunk by its number."""
        return f"import chunk {self.number}"


class ImportRowError(models.Model):
    """What is wrong with one row of a file: where and why, never the value."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="errors")
    # Found while checking, or while importing.
    phase = models.CharField(max_length=10)
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True, default="")
    code = models.CharField(max_length=40)
    is_warning = models.BooleanField(default=False)

    class Meta:
        indexes = (
            models.Index(fields=["batch", "phase", "row"], name="patients_importrowerror_place"),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="import")
            for name in ("id", "batch", "phase", "row", "column", "code", "is_warning")
        }

    def __str__(self) -> str:
        """Name the row by its number."""
        return f"import row {self.row}"


class ImportMapping(models.Model):
    """How somebody matched the columns of files with these headings the last time; names no person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    importer = models.CharField(max_length=40)
    # Keyed hash of the headings.
    fingerprint = models.BinaryField(max_length=16)
    mapping = models.JSONField(default=dict)
    day_order = models.CharField(max_length=3, blank=True, default="")
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "importer", "fingerprint"], name="patients_importmapping_one_each"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="import")
            for name in (
                "id", "user", "importer", "fingerprint", "mapping", "day_order", "used_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the mapping by its id."""
        return f"import mapping {self.pk}"
