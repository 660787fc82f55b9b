"""Work of the consent app without a request."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from consent.models import MeterRun
from consent.services import (
    certificates,
    copies,
    effects,
    endings,
    erasing,
    escalations,
    meter,
    purposes,
)
from security import trail
from security.services import clinics

log = logging.getLogger(__name__)

# A worker measures for so long, then lets other tasks have a turn.
TURN_SECONDS = 120
# A measurement that did not move for so long lost its worker.
STANDSTILL = timedelta(minutes=10)


@shared_task(name="consent.purposes.ship")
def ship_purposes() -> int:
    """Make the shipped purposes that an update brought; before the set-up there is no clinic to have them."""
    if clinics.profile() is None:
        return 0
    with trail.acting_for(system="consent.purposes", purpose="HCOMPL"):
        return purposes.ship()


@shared_task(name="consent.meter.measure")
def measure() -> None:
    """Measure every declared field, turn by turn."""
    with trail.acting_for(system="consent.meter", purpose="HCOMPL"):
        try:
            with meter.alone():
                run = meter.work(meter.begin(), seconds=TURN_SECONDS)
        except meter.Busy:
            return
    if run.finished_at is None:
        measure.delay()
    else:
        log.info("measured rows=%d", run.rows_done)


@shared_task(name="consent.meter.go_on")
def go_on_measuring() -> None:
    """Take up a measurement whose worker died."""
    before = timezone.now() - STANDSTILL
    if MeterRun.objects.under_way().filter(moved_at__lt=before).exists():
        measure.delay()


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


@shared_task(name="consent.requests.escalate")
def escalate_requests() -> int:
    """Tell officers of requests that are nearly due or late."""
    with trail.acting_for(system="consent.requests", purpose="HCOMPL"):
        count = escalations.escalate()
    if count:
        log.info("told of %d requests that are nearly due or late", count)
    return count


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
    """Tell the ledger of what was done when a process ended, and of what it lost."""
    with trail.acting_for(system="consent.erasures", purpose="HCOMPL"):
        certificates.settle()
        lost = erasing.mend_ledger()
    if lost:
        log.error("the ledger of erasures had lost %d erasures; they are written again", lost)
