"""Telling a whole inbox of messages that nobody answered in time."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from engagement.models import Thread
from engagement.queries import inboxes
from engagement.services.thread_rows import write
from security import trail
from security.services import notices

BATCH = 200


@transaction.atomic
def escalate() -> int:
    """Tell everybody in an inbox of what waits there too long, each once; return how much it is."""
    now = timezone.now()
    before = now - timedelta(hours=settings.THREAD_ANSWER_HOURS)
    late = Thread.objects.filter(
        state=Thread.State.US, waiting_since__lt=before, escalated_at__isnull=True
    )
    locked = late.order_by("waiting_since", "pk").select_for_update(of=("self",), skip_locked=True)
    rows = list(locked.defer("sealed")[:BATCH])
    if not rows:
        return 0
    for row in rows:
        row.escalated_at = now
        write(row)
    trail.record(
        "engagement.thread.escalated",
        subjects={row.patient_id for row in rows},
        changed=rows,
        counts={"threads": len(rows)},
    )
    people = {user.pk: user for user in inboxes.members([row.unit_id for row in rows])}
    people |= {row.assignee.pk: row.assignee for row in rows if row.assignee}
    for user in people.values():
        notices.messages_late(user=user)
    return len(rows)
