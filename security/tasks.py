"""Work without a request: send what waits in the outbox, sweep what is over."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from time import monotonic
from uuid import UUID

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from security import trail
from security.delivery import sending
from security.models import Backup, Export
from security.services import (
    backups,
    exports,
    factors,
    password_resets,
    posture,
    roles,
    stored_files,
    throttle,
)

log = logging.getLogger(__name__)

BATCH = 50
# A run ends before the next but one begins.
DRAIN_SECONDS = 45.0
FAILURES_IN_A_ROW = 2
# A large clinic's backup takes longer than other tasks may.
BACKUP_SECONDS = 12 * 3600
# The task runs hourly; roles that began or ended by the clock since the run before are followed.
FOLLOW_WINDOW = timedelta(hours=3)
# An export that no worker took up so long after it was begun is handed out again.
NOT_TAKEN_UP = timedelta(minutes=1)


@shared_task(name="security.delivery.drain")
def drain() -> int:
    """Answer who asked for a new password, then send what is due, one after the other, for so long."""
    sent = answered = 0
    failed: Counter[str] = Counter()
    until = monotonic() + DRAIN_SECONDS
    with trail.acting_for(system="security.delivery", purpose="HOPERAT"):
        while answered < BATCH and password_resets.answer_next():
            answered += 1
        sending.recover()
        while monotonic() < until:
            # A way out that fails holds up no other one; it is tried again at the next run.
            away = [channel for channel, times in failed.items() if times >= FAILURES_IN_A_ROW]
            row = sending.send_next(passing_over=away)
            if row is None:
                break
            sent += 1
            is_away = row.state == row.State.WAITING
            failed[row.channel] = failed[row.channel] + 1 if is_away else 0
    return sent


@shared_task(name="security.exports.produce")
def produce_export(export_id: str) -> None:
    """Make the file of one export."""
    exports.produce(export_id=UUID(export_id))


@shared_task(name="security.exports.sweep")
def sweep_exports() -> None:
    """Make what was begun and never taken up; end what outlived its time."""
    now = timezone.now()
    waiting = Export.objects.filter(state=Export.State.PREPARING, rows_done=0)
    begun = waiting.filter(moved_at__lt=now - NOT_TAKEN_UP).order_by("moved_at")
    for export_id in list(begun.values_list("pk", flat=True)[:BATCH]):
        # Handed out once, although a full queue takes it up later than the next look.
        if waiting.filter(pk=export_id, moved_at__lt=now - NOT_TAKEN_UP).update(moved_at=now):
            produce_export.delay(str(export_id))
    with trail.acting_for(system="security.exports.sweep", purpose="HOPERAT"):
        exports.sweep()


@shared_task(name="security.sweep")
def sweep() -> None:
    """Delete expired sessions, old counters and unconfirmed secrets; follow the dates of roles."""
    waiting = Backup.objects.filter(
        state=Backup.State.WAITING, started_at__lt=timezone.now() - NOT_TAKEN_UP
    )
    for backup_id in waiting.values_list("pk", flat=True):
        make_backup.delay(str(backup_id))
    with trail.acting_for(system="security.sweep", purpose="HSYSADMIN"):
        ended, _rows = Session.objects.filter(expire_date__lt=timezone.now()).delete()
        counters, secrets = throttle.sweep(), factors.sweep()
        left = _swept_files()
        people = roles.follow_all(since=FOLLOW_WINDOW)
    log.info(
        "swept sessions=%d counters=%d secrets=%d files=%d followed=%d",
        ended,
        counters,
        secrets,
        left,
        people,
    )


def _swept_files() -> int:
    try:
        return stored_files.sweep()
    except stored_files.TooManyLost as error:
        # A person must look: files without rows after a restore are worth more than the room they take.
        log.error("no stored file was deleted: %s", error)
        return 0


@shared_task(name="security.backups.nightly", time_limit=BACKUP_SECONDS)
def back_up_nightly() -> None:
    """Make the backup of the night."""
    _back_up(None)


@shared_task(name="security.backups.make", time_limit=BACKUP_SECONDS)
def make_backup(backup_id: str) -> None:
    """Make a backup that somebody asked for."""
    _back_up(UUID(backup_id))


def _back_up(backup_id: UUID | None) -> None:
    with trail.acting_for(system="security.backups", purpose="HSYSADMIN"):
        try:
            backups.perform(backup_id=backup_id)
        except backups.Busy:
            # Handed out twice, or the night came while somebody's own was being made.
            log.info("another backup is being made")


@shared_task(name="security.posture.check")
def check_posture() -> None:
    """Ask every check of the posture and keep the answers."""
    with trail.acting_for(system="security.posture", purpose="HSYSADMIN"):
        posture.collect()
