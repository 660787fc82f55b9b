"""Backups: when one was made, how large it is, how long it took, and why one failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models.user import User


class BackupQuerySet(models.QuerySet["Backup"]):
    """Queries over backups."""

    def good(self) -> Self:
        """Keep those that were read back and authenticated."""
        return self.filter(state=Backup.State.GOOD)

    def kept(self) -> Self:
        """Keep the good ones that were not deleted by age."""
        return self.good().filter(removed_at__isnull=True)

    def newest_first(self) -> Self:
        """Order by their beginning, the newest first."""
        return self.order_by("-started_at", "-id")


class Backup(models.Model):
    """One backup from the first byte to the end; good only once it was read back whole."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        GOOD = "good", _("Good")
        FAILED = "failed", _("Failed")

    class Stage(models.TextChoices):
        RECORDS = "records", _("Records are written")
        FILES = "files", _("Files are written")
        KEYS = "keys", _("Data keys are written")
        READ_BACK = "read_back", _("Everything is read back")

    class Fault(models.TextChoices):
        NOT_SET_UP = "not_set_up", _("No folder for backups is set (CUSTODIA_BACKUPS).")
        NO_RECIPIENT = "no_recipient", _("No public key is set, so nothing could be encrypted.")
        BAD_RECIPIENT = "bad_recipient", _("A line of the public keys is no age public key.")
        PRIVATE_KEY = (
            "private_key",
            _("A private key stands where a public key belongs. Take it off this server."),
        )
        NO_TARGET = "no_target", _("The folder for backups is not there or can not be written.")
        NO_SPACE = "no_space", _("There is not enough room in the folder for backups.")
        BUSY = "busy", _("Another server is making a backup in this folder.")
        NO_PROGRAM = "no_program", _("pg_dump of the server's version was not found.")
        NO_DATABASE = "no_database", _("The database did not answer.")
        DUMP = "dump", _("pg_dump stopped before it was done.")
        KEYRING = "keyring", _("The keyring can not be read, so the backup could not be signed.")
        READ_BACK = "read_back", _("What was written could not be read back as it was.")
        INTERRUPTED = "interrupted", _("The process ended before the backup was done.")
        UNEXPECTED = "unexpected", _("Something unexpected happened; the log has more.")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    fault = models.CharField(max_length=16, choices=Fault.choices, blank=True, default="")
    # Nobody: the clock asked for it, or whoever runs the server.
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # The folder's name, the same for records and keys; empty before anything was written.
    name = models.CharField(max_length=40, blank=True, default="")
    records_bytes = models.PositiveBigIntegerField(default=0)
    files_bytes = models.PositiveBigIntegerField(default=0)
    keys_bytes = models.PositiveBigIntegerField(default=0)
    rows_count = models.PositiveBigIntegerField(default=0)
    files_count = models.PositiveBigIntegerField(default=0)
    files_missing = models.PositiveBigIntegerField(default=0)
    manifest_sha256 = models.CharField(max_length=64, blank=True, default="")
    removed_at = models.DateTimeField(null=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True, default="")
    bytes_done = models.PositiveBigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)

    objects = BackupQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("backup"), _("backups")
        constraints = (
            models.CheckConstraint(
                condition=(Q(state="failed") & ~Q(fault="")) | (~Q(state="failed") & Q(fault="")),
                name="security_backup_failed_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="good") | ~Q(manifest_sha256=""),
                name="security_backup_good_was_read_back",
            ),
        )
        indexes = (models.Index(fields=["-started_at"], name="security_backup_started"),)

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="integrity")
            for name in (
                "id", "state", "fault", "started_at", "finished_at", "name", "records_bytes", "files_bytes",
                "keys_bytes", "rows_count", "files_count", "files_missing", "manifest_sha256", "removed_at",
                "stage", "bytes_done", "moved_at",
            )
        } | {"requested_by": Plain(level=3, purpose="integrity")}  # fmt: skip
        operational = ("stage", "bytes_done", "moved_at")

    def __str__(self) -> str:
        """Name the backup by its folder or id."""
        return f"backup {self.name or self.pk}"

    @property
    def took(self) -> timedelta | None:
        """Return how long it took, once it is over."""
        return self.finished_at - self.started_at if self.finished_at else None

    @property
    def size(self) -> int:
        """Return the bytes that it takes on the disk."""
        return self.records_bytes + self.files_bytes + self.keys_bytes

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in {self.State.GOOD, self.State.FAILED}
