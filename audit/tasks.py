"""Work of the audit app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from audit.services import reviews
from security import trail

log = logging.getLogger(__name__)

# What one run takes on; the next one goes on where it ended.
BATCHES = 20


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
