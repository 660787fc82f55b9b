"""What ends when: the deadlines on a request, set when it comes in and moved with the calendar."""

from __future__ import annotations

from consent import clocks
from consent.models import RightsRequest
from consent.queries import calendar
from consent.queries.calendar import Here
from consent.queries.requests import clocks_of
from security import trail
from security.models import User


def set_clocks(row: RightsRequest, here: Here) -> bool:
    """Set target and limit of a request in memory; tell whether they moved."""
    before = (row.target_on, row.due_on)
    row.target_on, row.due_on = clocks.earliest(clocks_of(row, here))
    return before != (row.target_on, row.due_on)


def follow_calendar(*, by: User | None) -> int:
    """Move the deadlines of open requests after the calendar changed; one event tells of all."""
    here = calendar.here()
    open_ones = RightsRequest.objects.open().order_by("pk").select_for_update(of=("self",))
    moved = [row for row in open_ones if set_clocks(row, here)]
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
