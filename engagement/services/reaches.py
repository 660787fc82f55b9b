"""Reach by appointment: who is to see a patient reaches the record some days before and after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from engagement.models import Appointment
from patients.models import CareRelationship
from patients.services import relationships
from patients.services.relationships import Wanted
from security.models import User

SOURCE = CareRelationship.Source.APPOINTMENT


@transaction.atomic
def give(*, appointments: Sequence[Appointment], by: User | None) -> None:
    """Give the clinicians of appointments their reach, and note on each what it gave; the caller saves."""
    before = timedelta(days=settings.APPOINTMENT_REACH_DAYS_BEFORE)
    after = timedelta(days=settings.APPOINTMENT_REACH_DAYS_AFTER)
    now, wanted = timezone.now(), {}
    for one in appointments:
        ends_at = one.ends_at + after
        if ends_at > now:
            wanted[one.pk] = Wanted(
                one.clinician_id,
                one.patient_id,
                SOURCE,
                starts_at=max(now, one.starts_at - before),
                ends_at=ends_at,
            )
    if not wanted:
        return
    relationships.grant_many(wanted=list(wanted.values()), by=by)
    rows = CareRelationship.objects.filter(
        source=SOURCE,
        patient_id__in={one.patient_id for one in wanted.values()},
        user_id__in={one.user_id for one in wanted.values()},
    )
    given = {(row.user_id, row.patient_id, row.ends_at): row.pk for row in rows}
    for one in appointments:
        if one.pk in wanted:
            want = wanted[one.pk]
            one.reach_id = given.get((want.user_id, want.patient_id, want.ends_at))


@transaction.atomic
def end(*, appointments: Sequence[Appointment], by: User | None) -> None:
    """End what appointments gave, from now on."""
    ids = [one.reach_id for one in appointments if one.reach_id is not None]
    rows = CareRelationship.objects.select_for_update().filter(
        pk__in=ids, source=SOURCE, ends_at__gt=timezone.now()
    )
    relationships.end_rows(rows=list(rows), by=by)
