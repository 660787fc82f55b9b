"""Work of the audit app without a request."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from audit.ledger import heartbeats
from audit.models import RecordCheck
from audit.services import (
    anchoring,
    monitoring,
    record_checks,
    report_papers,
    report_schedules,
    reports,
    reviews,
)
from security import trail

log = logging.getLogger(__name__)

# A worker compares for so long, then lets other tasks have a turn.
TURN_SECONDS = 120
# A comparison that did not move for so long lost its worker.
STANDSTILL = timedelta(minutes=10)
# What one run of the reviews takes on; the next one goes on where it ended.
BATCHES = 20
# How far back the rules are asked once more.
SECOND_LOOK = timedelta(days=2)


@shared_task(name="audit.records.verify")
def verify_records() -> None:
    """Compare every row with the trail, turn by turn; what differs is an event."""
    with trail.acting_for(system="audit.records.verify", purpose="HSYSADMIN"):
        try:
            with record_checks.alone():
                check = record_checks.work(record_checks.begin(), seconds=TURN_SECONDS)
        except record_checks.AlreadyRunning:
            return
    if check.state == RecordCheck.State.RUNNING:
        verify_records.delay()
    else:
        log.info("compared rows=%d findings=%d", check.rows_done, check.findings_count)


@shared_task(name="audit.records.go_on")
def go_on_with_records() -> None:
    """Take up a comparison whose worker died."""
    before = timezone.now() - STANDSTILL
    if RecordCheck.objects.unfinished().filter(moved_at__lt=before).exists():
        verify_records.delay()


@shared_task(name="audit.reviews.gather")
def gather_reviews() -> int:
    """Make the reviews of new emergency accesses, then tell of those that are overdue."""
    made = late = 0
    with trail.acting_for(system="audit.reviews", purpose="HCOMPL"):
        for _batch in range(BATCHES):
            count = reviews.gather()
            made += count
            if not count:
                break
        for _batch in range(BATCHES):
            count = reviews.escalate()
            late += count
            if not count:
                break
    if made or late:
        log.info("made %d reviews, told of %d that are overdue", made, late)
    return made


@shared_task(name="audit.tell_alive")
def tell_alive() -> None:
    """Tell the web process that scheduler, queue and worker are alive."""
    heartbeats.beat(heartbeats.WORKER, monitoring.trouble())


@shared_task(name="audit.record_alive")
def record_alive() -> None:
    """Record that all is alive, so that a silence of the trail shows in the trail."""
    with trail.acting_for(system="audit.heartbeat", purpose="HSYSADMIN"):
        trail.record("audit.heartbeat.sent")


@shared_task(name="audit.send_heads")
def send_heads() -> int:
    """Send the newest signed head to the anchors."""
    with trail.acting_for(system="audit.anchors", purpose="HSYSADMIN"):
        return anchoring.send_due()


@shared_task(name="audit.monitoring.watch")
def watch() -> None:
    """Look at what the trail recorded since the last time."""
    with trail.acting_for(system="audit.monitoring", purpose="HOPERAT"):
        count = monitoring.run()
    if count:
        log.info("watched %d events", count)


@shared_task(name="audit.monitoring.look_again")
def look_again() -> None:
    """Ask the rules about the last days once more: what a failing rule missed is found."""
    now = timezone.now()
    with trail.acting_for(system="audit.monitoring", purpose="HOPERAT"):
        monitoring.replay(since=now - SECOND_LOOK, until=now)


@shared_task(name="audit.reports.work")
def work_on_reports() -> int:
    """Ask for the audit reports that are due, those missed as well; then make what waits."""
    made = 0
    with trail.acting_for(system="audit.reports", purpose="HCOMPL"):
        report_schedules.begin()
        reports.plan(now=timezone.now())
        while (report := reports.take()) is not None:
            if report.state == report.State.MAKING and reports.make(report=report) is not None:
                made += 1
                report_papers.keep_all(report=report)
    if made:
        log.info("made %d audit reports", made)
    return made
