"""Work of the patients app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from patients.services import drafts
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="patients.sweep")
def sweep() -> None:
    """Delete drafts that nobody came back to."""
    with trail.acting_for(system="patients.sweep", purpose="HOPERAT"):
        count = drafts.sweep()
    log.info("swept %d drafts", count)
