"""Work of the audit app without a request: monitoring, and its second look each night."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from audit.services import monitoring
from security import trail

log = logging.getLogger(__name__)
SECOND_LOOK = timedelta(days=2)


@shared_task(name="audit.monitoring.watch")
def watch() -> None:
    """Look at what the trail recorded since the last time."""
    with trail.acting_for(system="audit.monitoring", purpose="HOPERAT"):
        count = monitoring.run()
    if count:
        log.info("watched %d events", count)


@shared_task(name="audit.monitoring.look_again")
def look_again() -> None:
    """Ask the rules about the last days once more: what a failing rule missed is found."""
    now = timezone.now()
    with trail.acting_for(system="audit.monitoring", purpose="HOPERAT"):
        monitoring.replay(since=now - SECOND_LOOK, until=now)
