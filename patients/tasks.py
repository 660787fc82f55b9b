"""Work of the patients app without a request."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from patients.models import ImportBatch
from patients.services import access_requests, batch_runs, batches, drafts, merges, referrals
from security import trail

log = logging.getLogger(__name__)

# A worker goes on with an import for so long, then lets other tasks have a turn.
TURN_SECONDS = 20
FILES_KEPT = timedelta(days=30)


@shared_task(name="patients.sweep")
def sweep() -> None:
    """Delete what nobody came back to, end what nobody answered, gather what came while records merged."""
    with trail.acting_for(system="patients.sweep", purpose="HOPERAT"):
        count = drafts.sweep()
        files = batches.forget_files(older_than=timezone.now() - FILES_KEPT)
        expired = access_requests.expire() + referrals.expire()
        late = sum(merges.gather(merge_id=merge_id) for merge_id in merges.recent())
    log.info(
        "swept %d drafts, %d files, %d requests, gathered %d entries", count, files, expired, late
    )


@shared_task(name="patients.imports.work")
def work_on_imports() -> None:
    """Go on with one import that nobody works on: a new one, or one whose process died."""
    batch = batch_runs.take()
    if batch is not None:
        batch_runs.work(batch, seconds=TURN_SECONDS)
        if ImportBatch.objects.free(timezone.now()).exists():
            work_on_imports.delay()
