"""Work of the patients app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from patients.services import access_requests, drafts, referrals
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="patients.sweep")
def sweep() -> None:
    """Delete drafts that nobody came back to; end requests and referrals that nobody answered."""
    with trail.acting_for(system="patients.sweep", purpose="HOPERAT"):
        count = drafts.sweep()
        expired = access_requests.expire() + referrals.expire()
    log.info("swept %d drafts, ended %d requests and referrals", count, expired)
