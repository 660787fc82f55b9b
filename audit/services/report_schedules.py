"""When audit reports are made and which roles are told: begun by itself, changed by officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import ReportSchedule
from audit.models.report import Kind
from audit.queries import reports as queries
from security import trail
from security.access.gate import Refused
from security.models import User


class Conflict(Exception):
    """Somebody else changed the schedule meanwhile; `row` is what is stored now."""

    def __init__(self, row: ReportSchedule) -> None:
        super().__init__(row.kind)
        self.row = row


class UnfitRole(Refused):
    """A role that does not read the trail is told of no report."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person sets."""

    is_on: bool
    weekday: int
    day: int
    hour: int
    recipients: Sequence[str]


@transaction.atomic
def begin() -> int:
    """Begin the schedules that are not there yet; return how many began."""
    there = set(ReportSchedule.objects.values_list("kind", flat=True))
    wanted = [kind for kind in Kind.values if kind not in there]
    return sum(_begun(kind) for kind in wanted)


def _begun(kind: str) -> bool:
    row, is_new = ReportSchedule.objects.get_or_create(
        kind=kind, defaults={"recipients": queries.readers()}
    )
    if is_new:
        trail.record("audit.report_schedule.began", changed=[row], fields=[kind])
    return is_new


@transaction.atomic
def change(*, kind: str, version: int, setting: Setting, by: User) -> ReportSchedule:
    """Set when reports of a kind are made; raise Conflict unless it is still the version that was read."""
    if not set(setting.recipients) <= set(queries.readers()):
        raise UnfitRole(_("Only roles that read the whole trail can be told."))
    _begun(kind)
    row = ReportSchedule.objects.select_for_update(of=("self",)).get(kind=kind)
    if row.version != version:
        raise Conflict(row)
    if setting.is_on and not row.is_on:
        row.on_since = timezone.now()
    row.is_on, row.hour = setting.is_on, setting.hour
    row.weekday, row.day = setting.weekday, setting.day
    row.recipients = sorted(setting.recipients)
    row.version, row.changed_at, row.changed_by = row.version + 1, timezone.now(), by
    row.save()
    trail.record("audit.report_schedule.changed", changed=[row], fields=[kind], by=by)
    return row
