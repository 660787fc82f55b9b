"""What ends when: the deadlines on a request, set when it comes in and moved with the calendar."""

from __future__ import annotations

from audit import working_days
from audit.working_days import Days
from consent import clocks
from consent.clocks import Clock
from consent.models import RightsRequest
from consent.queries import calendar
from security import trail
from security.models import User


def clocks_of(row: RightsRequest, days: Days) -> list[Clock]:
    """Return the clocks of one request under each of its laws."""
    return clocks.clocks(
        row.laws,
        row.kind,
        clocks.local_day(row.received_at, working_days.zone()),
        days,
        is_extended=row.extended_at is not None,
    )


def set_clocks(row: RightsRequest, days: Days | None = None) -> bool:
    """Set target and limit of a request in memory; tell whether they moved."""
    before = (row.target_on, row.due_on)
    found = clocks_of(row, days or calendar.days())
    row.target_on, row.due_on = clocks.earliest(found)
    return before != (row.target_on, row.due_on)


def follow_calendar(*, by: User | None) -> int:
    """Move the deadlines of open requests after the calendar changed; one event tells of all."""
    days = calendar.days()
    open_ones = RightsRequest.objects.open().order_by("pk").select_for_update(of=("self",))
    moved = [row for row in open_ones if set_clocks(row, days)]
    for row in moved:
        row.advance()
        row.save()
    if moved:
        trail.record(
            "consent.request.deadline_moved",
            subjects={row.subject_id for row in moved},
            changed=moved,
            counts={"requests": len(moved)},
            by=by,
        )
    return len(moved)
