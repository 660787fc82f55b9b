"""Background work of the engagement app: ids in, numbers out."""

from __future__ import annotations

import logging

from celery import shared_task

from engagement.services import thread_escalations
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="engagement.threads.escalate")
def escalate_threads() -> int:
    """Tell inboxes of messages that wait too long."""
    with trail.acting_for(system="engagement.threads", purpose="HOPERAT"):
        count = thread_escalations.escalate()
    if count:
        log.info("told of %d conversations that wait too long", count)
    return count
