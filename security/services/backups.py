"""Backups: asked for, made, called good or failed with the reason, and deleted by age."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import trail
from security.access.gate import Refused
from security.backups import dump, making, places
from security.backups.dump import Busy
from security.backups.faults import BackupFailed, Fault
from security.models import Backup, User

log = logging.getLogger(__name__)

State = Backup.State
# Whatever their age, so many good ones stay.
KEPT_ALWAYS = 3
Told = Callable[[Backup], object]


class AlreadyWaiting(Refused):
    """A backup is waiting or being made."""


@transaction.atomic
def request(*, by: User) -> Backup:
    """Ask for a backup now; the worker makes it."""
    if Backup.objects.filter(state__in=(State.WAITING, State.RUNNING)).exists():
        raise AlreadyWaiting(_("A backup is being made already."))
    row = Backup.objects.create(state=State.WAITING, requested_by=by)
    trail.record("security.backup.requested", changed=[row], obj=row, by=by)
    return row


def perform(*, backup_id: UUID | None = None, told: Told = id) -> Backup:
    """Make a backup, the one that was asked for or a new one; raise Busy while another one is made.

    Long: not one transaction. Whatever stops it, the row says so and the last good one stays.
    """
    try:
        with dump.snapshot() as moment:
            row = _begin(backup_id)
            progress = _Progress(row, told)
            try:
                made = making.make(
                    moment, now=timezone.now(), wanted=_wanted(), told=progress.passed
                )
            except BackupFailed as failure:
                return _fail(row.pk, failure.fault, failure.detail)
            except BaseException as error:
                fault = Fault.UNEXPECTED if isinstance(error, Exception) else Fault.INTERRUPTED
                _fail(row.pk, fault, type(error).__name__)
                raise
            row = _finish(row.pk, made)
    except BackupFailed as failure:
        # There was no snapshot, so nothing was begun yet.
        return _fail(_begin(backup_id).pk, failure.fault, failure.detail)
    sweep()
    return row


def _wanted() -> int:
    """Return about how much room the next one takes: what the last one took, and a tenth."""
    last = Backup.objects.good().newest_first().first()
    return last.size * 11 // 10 if last is not None else 0


@transaction.atomic
def _begin(backup_id: UUID | None) -> Backup:
    # Whoever gets here holds the lock: what seems to run has lost its process.
    for lost in Backup.objects.select_for_update().filter(state=State.RUNNING):
        _fail(lost.pk, Fault.INTERRUPTED, "")
    waiting = Backup.objects.select_for_update().filter(state=State.WAITING)
    asked = waiting.filter(pk=backup_id).first() if backup_id else None
    if backup_id and asked is None:
        # Handed out twice: it was made already.
        raise Busy
    row = asked or Backup()
    row.state, row.started_at = State.RUNNING, timezone.now()
    row.moved_at = row.started_at
    row.save()
    trail.record("security.backup.begun", changed=[row], obj=row)
    return row


class _Progress:
    """Writes down now and then how far a backup is."""

    EVERY = timedelta(seconds=1)

    def __init__(self, row: Backup, told: Told) -> None:
        self._row, self._told = row, told

    def passed(self, stage: Backup.Stage, size: int) -> None:
        """Take note of some more bytes."""
        row, now = self._row, timezone.now()
        row.bytes_done += size
        if stage != row.stage or now - row.moved_at > self.EVERY:
            row.stage, row.moved_at = stage, now
            Backup.objects.filter(pk=row.pk).update(
                stage=stage, bytes_done=row.bytes_done, moved_at=now
            )
        self._told(row)


@transaction.atomic
def _finish(backup_id: UUID, made: making.Made) -> Backup:
    row = Backup.objects.select_for_update().get(pk=backup_id)
    records, keys = made.records, made.keys
    row.state, row.finished_at, row.name = State.GOOD, timezone.now(), made.name
    row.manifest_sha256 = made.manifest_sha256
    row.records_bytes = records.archives[making.RECORDS].size
    row.files_bytes = records.archives[making.FILES].size
    row.keys_bytes = keys.archives[making.KEYS].size
    row.rows_count = sum(
        count for table, count in records.tables.items() if table not in records.left_out
    )
    row.files_count, row.files_missing = records.files, records.files_missing
    row.save()
    _tell(
        "security.backup.finished",
        row,
        fields=[f"sha256:{made.manifest_sha256}"],
        counts={
            "bytes": row.size,
            "rows": row.rows_count,
            "files": row.files_count,
            "missing": row.files_missing,
        },
    )
    return row


@transaction.atomic
def _fail(backup_id: UUID, fault: Backup.Fault, detail: str) -> Backup:
    # The detail is for whoever runs the server: it may name a folder or a program.
    log.error("backup %s failed: %s %s", backup_id, fault, detail)
    row = Backup.objects.select_for_update().get(pk=backup_id)
    row.state, row.fault, row.finished_at = State.FAILED, fault, timezone.now()
    row.save()
    _tell("security.backup.failed", row, outcome="failed", fields=[f"fault:{fault}"])
    return row


def _tell(action: str, row: Backup, **more: Any) -> None:
    trail.record(action, changed=[row], obj=row, **more)


@transaction.atomic
def sweep() -> int:
    """Delete sets beyond their age, keys sooner than records; the last good ones stay in any case."""
    good = list(Backup.objects.select_for_update().kept().newest_first())
    if not good:
        return 0
    # Measured between backups: a clock that was set wrong deletes nothing on its own.
    newest = good[0].started_at
    old = [
        row
        for row in good[KEPT_ALWAYS:]
        if newest - row.started_at > timedelta(days=settings.BACKUP_DAYS)
    ]
    for row in old:
        row.removed_at = timezone.now()
        row.save()
        _tell("security.backup.removed", row)
    limit = newest - timedelta(days=settings.BACKUP_KEYS_DAYS)
    keys = [row for row in good[1:] if row.started_at < limit]
    # A name that no backup has would lead out of the folder, and something else would be deleted.
    folders = [Path(settings.BACKUP_DIR) / row.name for row in old if _is_set(row)]
    folders += [Path(settings.BACKUP_KEYS_DIR) / row.name for row in keys if _is_set(row)]
    transaction.on_commit(lambda: _delete(folders))
    return len(old)


def _is_set(row: Backup) -> bool:
    return places.NAME.fullmatch(row.name) is not None


def _delete(folders: Sequence[Path]) -> None:
    for folder in folders:
        places.remove(folder)


__all__ = ["AlreadyWaiting", "Busy", "perform", "request", "sweep"]
