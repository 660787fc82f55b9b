"""Telling officers of requests before they are due, and once more when they are late."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.working_days import LONGEST_REST
from consent import clocks
from consent.models import RightsRequest
from consent.queries import calendar, officers
from consent.queries.calendar import Here
from consent.services.request_rows import write
from security import trail
from security.services import notices

BATCH = 200


@transaction.atomic
def escalate() -> int:
    """Tell every officer of requests that are nearly due, or late; each is told of once of either."""
    here = calendar.here()
    horizon = here.today + timedelta(days=settings.RIGHTS_WARN_DAYS + LONGEST_REST)
    waiting = RightsRequest.objects.open().filter(target_on__lte=horizon).order_by("due_on", "pk")
    locked = waiting.select_for_update(of=("self",), skip_locked=True)
    rows = [row for row in locked if _is_to_tell(row, here)][:BATCH]
    if not rows:
        return 0
    now = timezone.now()
    for row in rows:
        row.escalated_at = now
        write(row)
    people = {row.subject_id for row in rows}
    trail.record(
        "consent.request.escalated", subjects=people, changed=rows, counts={"requests": len(rows)}
    )
    for officer in officers.everybody():
        # Whose own request waits is not the one to be reminded, unless another one waits as well.
        if people - {officer.pk}:
            notices.request_due(user=officer)
    return len(rows)


def _is_to_tell(row: RightsRequest, here: Here) -> bool:
    if row.target_on is None or row.due_on is None:
        return False
    if row.escalated_at is None:
        left = clocks.working_days_left(here.today, row.target_on, here.days)
        return left <= int(settings.RIGHTS_WARN_DAYS)
    told_on, due_on = here.day_of(row.escalated_at), row.due_on
    return told_on <= due_on < here.today
