"""Work of the engagement app without a request."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from engagement.services import claims, waiting
from security import trail

log = logging.getLogger(__name__)

# The time of an appointment that began so long ago is asked for by nobody.
CLAIMS_KEPT = timedelta(days=7)


@shared_task(name="engagement.appointments.sweep")
def sweep_appointments() -> None:
    """End offers and waits that are over, and drop the claims of times long past."""
    now = timezone.now()
    with trail.acting_for(system="engagement.appointments", purpose="HOPERAT"):
        over = waiting.sweep(now=now)
        count = claims.sweep(before=now - CLAIMS_KEPT)
    log.info("appointments: %d offers and waits over, %d claims dropped", over, count)
