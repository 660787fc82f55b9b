"""Audit reports: asked for or due, taken up by one worker, counted once, sealed, told of; given out."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import periods
from audit.models import AuditReport
from audit.periods import Period
from audit.queries import report_numbers, report_sections
from audit.queries import reports as queries
from audit.services import report_notices
from security import trail
from security.access.gate import Refused
from security.models import User

State = AuditReport.State
FORMAT = 2
# Work that nobody has moved for so long was interrupted and is begun again, so many times.
STALLED = timedelta(minutes=15)
MOST_ATTEMPTS = 3
# One number for everybody who asks for a report of the running period.
LOCK = 0x4355_5374_0007


class UnderWay(Refused):
    """A report of this kind is being made already; `report` is that one."""

    def __init__(self, report: AuditReport) -> None:
        super().__init__(_("Such a report is being made already."))
        self.report = report


class NotMade(Refused):
    """The report is not there to be taken."""


@transaction.atomic
def ask(*, kind: str, is_running: bool, by: User) -> AuditReport:
    """Ask for a report now: of the last whole period, or of the one that runs, up to now.

    The report of a whole period is made once; who asks again gets that one.
    """
    now = timezone.now()
    period = periods.at(kind, now, queries.clinic_zone())
    if not is_running:
        return _once(period.before(), by=by)
    with connection.cursor() as cursor:
        # Who asks at the same moment waits here, and is led to the report that is being made.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    busy = AuditReport.objects.under_way().filter(kind=kind, until__isnull=False).first()
    if busy is not None:
        raise UnderWay(busy)
    return _asked(period.cut(now), by=by)


@transaction.atomic
def _once(period: Period, *, by: User | None) -> AuditReport:
    try:
        with transaction.atomic():
            return _asked(period, by=by)
    except IntegrityError:
        rows = AuditReport.objects.select_for_update(of=("self",)).whole()
        found: AuditReport = rows.get(kind=period.kind, starts_on=period.starts_on)
    if found.state == State.FAILED:
        found.state, found.attempts = State.WAITING, 0
        found.save(update_fields=["state", "attempts"])
        trail.record("audit.report.asked", obj=found, by=by)
    return found


def _asked(period: Period, *, by: User | None) -> AuditReport:
    row = AuditReport(
        kind=period.kind,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        zone=period.zone,
        until=period.until,
        asked_by=by,
    )
    row.save(force_insert=True)
    trail.record("audit.report.asked", changed=[row], obj=row, by=by)
    return row


def plan(*, now: datetime) -> int:
    """Ask for every report that has become due and is not there, each once whoever else does; count them."""
    zone, count = queries.clinic_zone(), 0
    for schedule in queries.schedules():
        wanted = queries.due(schedule, zone, now)
        for period in queries.missing(schedule.kind, wanted):
            _once(period, by=None)
            count += 1
    return count


@transaction.atomic
def take() -> AuditReport | None:
    """Take up one report that nobody works on, and lock others out of it for a while."""
    now = timezone.now()
    is_free = Q(state=State.WAITING) | Q(state=State.MAKING, moved_at__lt=now - STALLED)
    rows = AuditReport.objects.select_for_update(of=("self",), skip_locked=True).filter(is_free)
    row: AuditReport | None = rows.order_by("asked_at", "pk").first()
    if row is None:
        return None
    row.state = State.MAKING if row.attempts < MOST_ATTEMPTS else State.FAILED
    row.moved_at, row.attempts = now, row.attempts + 1
    row.save(update_fields=["state", "moved_at", "attempts"])
    if row.state == State.FAILED:
        trail.record("audit.report.failed", outcome="failed", obj=row)
    return row


def make(*, report: AuditReport) -> AuditReport | None:
    """Count the numbers of a report that was taken up, seal them and tell who is to read them.

    None where another worker has taken it over meanwhile.
    """
    made_at = timezone.now()
    content = collected(report, made_at)
    return _finished(report, content, made_at)


def collected(report: AuditReport, made_at: datetime) -> dict[str, Any]:
    """Return the content of a report: keys and whole numbers, without a word in any language."""
    period = report.period
    before = period.before()
    since = report_numbers.trail_since()
    return {
        "format": FORMAT,
        **queries.head(report, made_at),
        "trail_since": since.isoformat() if since else None,
        "before_starts_at": before.starts_at.isoformat(),
        "before_ends_at": before.ends_at.isoformat(),
        "now": report_numbers.of(period),
        "before": report_numbers.of(before),
        "sections": report_sections.collected(period),
    }


@transaction.atomic
def _finished(
    report: AuditReport, content: dict[str, Any], made_at: datetime
) -> AuditReport | None:
    rows = AuditReport.objects.select_for_update(of=("self",))
    row: AuditReport = rows.get(pk=report.pk)
    if row.state != State.MAKING or row.moved_at != report.moved_at or row.made_at is not None:
        return None
    row.content, row.digest = content, queries.digest_of(content)
    row.made_at, row.state = made_at, State.READY
    row.advance()
    row.save()
    # The ledger seals and signs the event, and with it the digest.
    trail.record("audit.report.made", changed=[row], obj=row, fields=[f"sha256:{row.digest}"])
    schedule = queries.schedule_of(row.kind)
    for user in queries.recipients(schedule):
        report_notices.ready(report=row, to=user)
    return row


@transaction.atomic
def give_out(*, report: AuditReport, file: bytes, language: str, by: User) -> None:
    """Record that a report leaves as a file, before its first byte does."""
    if report.made_at is None:
        raise NotMade(_("This report is not made yet."))
    trail.record(
        "audit.report.downloaded",
        obj=report,
        fields=[f"language:{language}", f"sha256:{hashlib.sha256(file).hexdigest()}"],
        counts={"bytes": len(file)},
        by=by,
    )
