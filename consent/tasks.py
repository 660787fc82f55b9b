"""Work of the consent app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from consent.services import effects, endings
from security import trail

log = logging.getLogger(__name__)

# What one run takes on; the next one goes on where it ended.
BATCH = 100


@shared_task(name="consent.effects.run")
def run_effects() -> int:
    """Do what events of consent started."""
    done = 0
    with trail.acting_for(system="consent.effects", purpose="HOPERAT"):
        while done < BATCH and effects.run_next():
            done += 1
    return done


@shared_task(name="consent.nightly")
def end_consents() -> None:
    """Write which consents ended by time, by coming of age or by other words."""
    with trail.acting_for(system="consent.nightly", purpose="HOPERAT"):
        ended, replaced = endings.end_all()
    log.info("ended %d consents, superseded %d", ended, replaced)
