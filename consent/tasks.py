"""Work of the consent app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from consent.services import escalations
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="consent.requests.escalate")
def escalate_requests() -> int:
    """Tell officers of requests that are nearly due or late."""
    with trail.acting_for(system="consent.requests", purpose="HCOMPL"):
        count = escalations.escalate()
    if count:
        log.info("told of %d requests that are nearly due or late", count)
    return count
