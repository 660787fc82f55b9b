"""Work of the consent app without a request."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from consent.services import copies
from security import trail

# A record of decades with its files takes longer than other tasks may.
COPY_SECONDS = 3600


@shared_task(name="consent.copies.make", time_limit=COPY_SECONDS, soft_time_limit=COPY_SECONDS - 60)
def make_copy(copy_id: str) -> None:
    """Make the archive of one copy."""
    copies.produce(copy_id=UUID(copy_id))


@shared_task(name="consent.copies.sweep")
def sweep_copies() -> None:
    """Make what was interrupted; end what nobody took in time."""
    copies.unfinished(lambda copy_id: make_copy.delay(str(copy_id)))
    with trail.acting_for(system="consent.copies.sweep", purpose="HOPERAT"):
        copies.sweep()
