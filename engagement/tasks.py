"""Work of the engagement app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from engagement.services import complaints, lead_deletions, surveys
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="engagement.surveys.invite")
def invite_to_surveys() -> int:
    """Ask those whose visit is over and who agreed to be asked."""
    with trail.acting_for(system="engagement.surveys", purpose="HOPERAT"):
        count = surveys.invite_due()
    if count:
        log.info("asked %d people after their visit", count)
    return count


@shared_task(name="engagement.complaints.remind")
def remind_of_complaints() -> int:
    """Tell owners of complaints that are late."""
    with trail.acting_for(system="engagement.complaints", purpose="HOPERAT"):
        return complaints.tell_late()


@shared_task(name="engagement.leads.purge")
def purge_leads() -> int:
    """Delete people who asked, never became patients, and whose day has come."""
    with trail.acting_for(system="engagement.leads", purpose="HCOMPL"):
        count = lead_deletions.purge()
    if count:
        log.info("deleted %d enquiries whose time was over", count)
    return count
