"""What is due by the rules of retention: planned as one run, agreed to as one, erased one by one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Erasure, RetentionRun
from consent.services import erasures
from consent.services.erasures import Impossible, NotYours
from patients.services import series
from security import trail
from security.models import User

State = Erasure.State


@transaction.atomic
def plan(*, patient_ids: Sequence[UUID], by: User) -> RetentionRun:
    """Plan the erasure of those who are due; whoever is not, is held or is planned already is left out."""
    number = f"RR-{timezone.localdate().year}-{series.take(key='retention'):06d}"
    run = RetentionRun.objects.create(number=number, planned_by=by)
    count = sum(_planned(run, one, by) for one in patient_ids)
    if not count:
        raise Impossible(_("Nobody of these is due."))
    trail.record(
        "consent.retention_run.planned", changed=[run], obj=run, counts={"people": count}, by=by
    )
    return run


def _planned(run: RetentionRun, patient_id: UUID, by: User) -> bool:
    try:
        with transaction.atomic():
            row = erasures.plan(
                patient_id=patient_id, reason=_("Time of retention is over."), run=run,
                origin=Erasure.Origin.RETENTION, by=by,
            )  # fmt: skip
            if row.plan["holds"]:
                raise Impossible(_("A legal hold stops it."))
    except (Impossible, NotYours):
        return False
    return True


@transaction.atomic
def approve(*, run_id: UUID, by: User) -> RetentionRun:
    """Agree to a run as a whole; plans that are stale, held or of the approver's family are given up."""
    run = RetentionRun.objects.select_for_update(of=("self",)).get(pk=run_id)
    if run.approved_at is not None:
        raise Impossible(_("This run was approved before."))
    if run.planned_by_id == by.pk:
        raise NotYours(_("Who planned a run does not approve it."))
    run.approved_at, run.approved_by = timezone.now(), by
    run.save()
    count = 0
    for row in run.erasures.filter(state=State.PLANNED).order_by("pk"):
        try:
            erasures.approve(erasure_id=row.pk, plan_sha256=row.plan_sha256, by=by)
            count += 1
        except (erasures.OnHold, erasures.StalePlan, NotYours) as refusal:
            erasures.give_up(erasure_id=row.pk, reason=str(refusal), by=by)
    trail.record(
        "consent.retention_run.approved", changed=[run], obj=run, counts={"people": count}, by=by
    )
    return run
