"""Working off what events of consent started: each job once, tried again later where it fails."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from consent.effects import Happened, registered
from consent.models import ConsentEffect
from security import trail

log = logging.getLogger(__name__)
# After a failure the next try waits so long, twice as long each time, at most a day.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(days=1)


@transaction.atomic
def run_next() -> bool:
    """Do one job that is due; tell whether there was one."""
    rows = ConsentEffect.objects.due(timezone.now()).filter(key__in=registered())
    row = (
        rows.select_for_update(of=("self",), skip_locked=True)
        .select_related("event__consent__purpose")
        .order_by("due_at", "pk")
        .first()
    )
    if row is None:
        return False
    row.tries += 1
    try:
        with transaction.atomic():
            registered()[row.key].run(_happened(row))
    except Exception as error:
        # A job of any app may fail in any way; what it wrote is undone, and it is tried again.
        log.exception("an effect of a consent failed")
        row.due_at = timezone.now() + min(FIRST_WAIT * 2 ** min(row.tries - 1, 12), LONGEST_WAIT)
        row.save(update_fields=["tries", "due_at"])
        names = [row.key, type(error).__name__]
        trail.record(
            "consent.effect.failed", outcome="failed", subjects=[row.patient_id], changed=[row],
            obj=row, fields=names,
        )  # fmt: skip
        return True
    row.done_at = timezone.now()
    row.save(update_fields=["tries", "done_at"])
    trail.record(
        "consent.effect.finished",
        subjects=[row.patient_id],
        changed=[row],
        obj=row,
        fields=[row.key],
    )
    return True


def _happened(row: ConsentEffect) -> Happened:
    event = row.event
    consent = event.consent
    return Happened(event.pk, row.patient_id, consent.purpose.key, consent.channel, event.kind)
