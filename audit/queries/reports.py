"""Audit reports as they are stored: which there are, who is told of them, whether they are what was made."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit import names, periods
from audit.models import AuditReport, Event, ReportSchedule
from audit.models.report import Kind
from audit.periods import Period
from security.access.categories import Reach
from security.access.decision import actor_refusal
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import ClinicProfile, RoleAssignment, User

MADE = "audit.report.made"
SHA256 = "sha256:"
PAGE = 30


def clinic_zone() -> str:
    """Return the time zone in which the clinic counts its days."""
    profile = ClinicProfile.objects.first()
    wanted = profile.time_zone if profile is not None else ""
    try:
        return ZoneInfo(wanted).key if wanted else str(settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return str(settings.TIME_ZONE)


def readers() -> list[str]:
    """Return the roles that read the whole trail: nobody else is told of a report."""
    wanted = Permission.TRAIL_READ
    return [key for key, role in ROLES.items() if role.grants.get(wanted) is Reach.ALL]


def recipients(schedule: ReportSchedule) -> list[User]:
    """Return the people who hold a role that is told and reads the trail now."""
    roles = [key for key in schedule.recipients if key in readers()]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=roles)
    users = User.objects.staff().active().filter(Exists(held)).order_by("pk")
    return [user for user in users if actor_refusal(user) is None]


def schedule_of(kind: str) -> ReportSchedule:
    """Return the schedule of a kind, as it will begin where there is none yet."""
    found = ReportSchedule.objects.filter(kind=kind).select_related("changed_by").first()
    return found or ReportSchedule(kind=kind, recipients=readers())


def schedules() -> list[ReportSchedule]:
    """Return the schedule of every kind, the shorter period first."""
    rows = {row.kind: row for row in ReportSchedule.objects.select_related("changed_by")}
    return [
        rows.get(kind) or ReportSchedule(kind=kind, recipients=readers()) for kind in Kind.values
    ]


def next_of(schedule: ReportSchedule, zone: str, now: datetime | None = None) -> datetime | None:
    """Return when the next report is due, None while the schedule is off."""
    if not schedule.is_on:
        return None
    at = now or timezone.now()
    period = periods.at(schedule.kind, at, zone).before()
    while schedule.due_at(period) <= at:
        period = period.after()
    return schedule.due_at(period)


def due(schedule: ReportSchedule, zone: str, now: datetime) -> list[Period]:
    """Return the whole periods whose report has become due since the schedule is on."""
    if not schedule.is_on:
        return []
    found = []
    # What is due now may have ended up to one period before the schedule began.
    period = periods.at(schedule.kind, schedule.on_since, zone).before().before()
    while (at := schedule.due_at(period)) <= now:
        if at >= schedule.on_since:
            found.append(period)
        period = period.after()
    return found


def missing(kind: str, wanted: list[Period]) -> list[Period]:
    """Return those periods that have no report yet, made or under way: one query."""
    starts = [period.starts_on for period in wanted]
    rows = AuditReport.objects.whole().filter(kind=kind, starts_on__in=starts)
    there = set(rows.values_list("starts_on", flat=True))
    return [period for period in wanted if period.starts_on not in there]


def latest() -> list[AuditReport]:
    """Return the newest reports without opening one."""
    rows = AuditReport.objects.defer("sealed").order_by("-asked_at", "-pk")
    return list(rows[:PAGE])


def find(report_id: UUID) -> AuditReport:
    """Return one report; raise AuditReport.DoesNotExist."""
    found: AuditReport = AuditReport.objects.select_related("asked_by").get(pk=report_id)
    return found


# --- whether it is what was made --------------------------------------------------------------


class Fault(StrEnum):
    """In which way a report is not what was made."""

    NOT_MADE = "not made"
    CONTENT = "content"
    COLUMNS = "columns"
    NO_EVENT = "no event"
    EVENTS = "events"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a stored report stands to the digest in the trail."""

    digest: str
    event: Event | None
    fault: Fault | None = None


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return a report in the one form that its digest covers: UTF-8 JSON, keys in order, no spaces."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a report."""
    return hashlib.sha256(canonical(content)).hexdigest()


def head(report: AuditReport, made_at: datetime) -> dict[str, Any]:
    """Return what a report says of itself: its digest covers the columns of its row as well."""
    return {
        "id": str(report.pk),
        "kind": report.kind,
        "starts_on": report.starts_on.isoformat(),
        "ends_on": report.ends_on.isoformat(),
        "zone": report.zone,
        "until": report.until.isoformat() if report.until else None,
        "made_at": made_at.isoformat(),
    }


def proof(report: AuditReport) -> Proof:
    """Hold a report against its own digest and the digest in the event of its making."""
    label = names.label_of(AuditReport)
    told = Event.objects.filter(object_label=label, object_id=report.pk, action=MADE)
    events = list(told.order_by("recorded_at", "pk")[:2])
    event = events[0] if events else None
    if report.made_at is None or not isinstance(report.content, dict):
        return Proof("", event, Fault.NOT_MADE)
    digest = digest_of(report.content)
    return Proof(digest, event, _fault(report, digest, events))


def _fault(report: AuditReport, digest: str, events: list[Event]) -> Fault | None:
    if not hmac.compare_digest(digest, report.digest):
        return Fault.CONTENT
    own = head(report, report.made_at or report.asked_at)
    if any(report.content.get(key) != value for key, value in own.items()):
        return Fault.COLUMNS
    if not events:
        return Fault.NO_EVENT
    if len(events) > 1:
        return Fault.EVENTS
    return None if events[0].fields == [f"{SHA256}{digest}"] else Fault.EVENT
