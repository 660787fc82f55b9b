"""Work of the consent app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from consent.services import certificates, erasing
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="consent.erasures.work")
def work_on_erasures() -> int:
    """Do what was agreed to, and go on with what lost its process."""
    count = 0
    with trail.acting_for(system="consent.erasures", purpose="HCOMPL"):
        while (row := erasing.take()) is not None:
            row = erasing.work(row)
            count += 1
            log.info("erasure %s is %s", row.pk, row.state)
    return count


@shared_task(name="consent.erasures.settle")
def settle_erasures() -> None:
    """Tell the ledger of what was done when a process ended."""
    with trail.acting_for(system="consent.erasures", purpose="HCOMPL"):
        certificates.settle()
