"""Work of the engagement app without a request; what is sent, and to whom, never stands in a task."""

from __future__ import annotations

from time import monotonic

from celery import shared_task

from engagement.services import reminders
from security import trail

# A run ends before the next one begins.
TURN_SECONDS = 20.0


@shared_task(name="engagement.reminders.queue")
def queue_reminders() -> int:
    """Hand every reminder that is due to delivery."""
    done, until = 0, monotonic() + TURN_SECONDS
    with trail.acting_for(system="engagement.reminders", purpose="TREAT"):
        while monotonic() < until and reminders.queue_next() is not None:
            done += 1
    return done


@shared_task(name="engagement.reminders.plan_missing")
def plan_missing() -> int:
    """Plan reminders of appointments that have none, as imported ones."""
    with trail.acting_for(system="engagement.reminders", purpose="TREAT"):
        return reminders.plan_missing()
