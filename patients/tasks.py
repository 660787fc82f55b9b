"""Work of the patients app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from patients.services import drafts, merges
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="patients.sweep")
def sweep() -> None:
    """Delete drafts that nobody came back to; gather what was written while records were merged."""
    with trail.acting_for(system="patients.sweep", purpose="HOPERAT"):
        count = drafts.sweep()
        late = sum(merges.gather(merge_id=merge_id) for merge_id in merges.recent())
    log.info("swept %d drafts, gathered %d entries", count, late)
