"""Giving and ending care relationships; each deed rebuilds the object permissions that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, ChartPermission, Patient
from security import context, trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission as P
from security.models import User

Source = CareRelationship.Source


class NotClinical(Refused):
    """The person holds no role that cares for patients."""


class AlreadyEnded(Refused):
    """The relationship was ended before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One relationship to give."""

    user_id: UUID
    patient_id: UUID
    source: str
    unit_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@transaction.atomic
def grant(
    *, user: User, patient_id: UUID, source: str, ends_at: datetime | None = None, by: User | None
) -> CareRelationship:
    """Give one person a relationship to one patient; giving it twice changes nothing."""
    needed = Reach.CASE if source == Source.CASE else Reach.TEAM
    if reach_of_user(user, P.CLINICAL_READ) is not needed:
        raise NotClinical(_("Only people who care for patients can be given one."))
    wanted = Wanted(user.pk, patient_id, source, ends_at=ends_at)
    grant_many(wanted=[wanted], by=by)
    return CareRelationship.objects.get(
        user=user, patient_id=patient_id, source=source, unit=None, ends_at=ends_at
    )


@transaction.atomic
def grant_many(*, wanted: Sequence[Wanted], by: User | None) -> int:
    """Give many relationships at once, leaving out those that are there; return how many were new."""
    # Two who give the same at once stand in line here, and rebuild one after the other.
    lock(patient_ids={one.patient_id for one in wanted})
    open_ones = CareRelationship.objects.filter(
        patient_id__in={one.patient_id for one in wanted},
        user_id__in={one.user_id for one in wanted},
    )
    there = {
        (row.user_id, row.patient_id, row.source, row.unit_id, row.ends_at) for row in open_ones
    }
    now = timezone.now()
    rows = [
        CareRelationship(
            user_id=one.user_id,
            patient_id=one.patient_id,
            source=one.source,
            unit_id=one.unit_id,
            starts_at=one.starts_at or now,
            ends_at=one.ends_at,
            granted_by=by,
        )
        for one in dict.fromkeys(wanted)
        if (one.user_id, one.patient_id, one.source, one.unit_id, one.ends_at) not in there
    ]
    if not rows:
        return 0
    CareRelationship.objects.bulk_create(rows)
    patients = {row.patient_id for row in rows}
    rebuild(patient_ids=patients, user_ids={row.user_id for row in rows})
    trail.record("patients.relationship.granted", subjects=patients, changed=rows, by=by)
    return len(rows)


def lock(*, patient_ids: Collection[UUID]) -> None:
    """Lock patients, always in the same order, before their relationships change."""
    list(
        Patient.objects.filter(pk__in=patient_ids)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
        .only("pk")
    )


@transaction.atomic
def end(*, relationship_id: UUID, by: User) -> CareRelationship:
    """End a relationship from now on; it acts on the next request."""
    row = CareRelationship.objects.select_for_update().get(pk=relationship_id)
    if row.ends_at and row.ends_at <= timezone.now():
        raise AlreadyEnded(_("This relationship was ended before."))
    _end([row], by=by)
    return row


@transaction.atomic
def end_of_unit(
    *,
    unit_id: UUID,
    user_id: UUID | None = None,
    patient_id: UUID | None = None,
    by: User | None,
) -> int:
    """End what came from a care team, for a member who leaves or a patient who is handed over."""
    rows = CareRelationship.objects.in_force().filter(source=Source.TEAM, unit_id=unit_id)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    if patient_id is not None:
        rows = rows.filter(patient_id=patient_id)
    found = list(rows.select_for_update())
    _end(found, by=by)
    return len(found)


@transaction.atomic
def end_many(*, rows: list[CareRelationship], by: User | None) -> None:
    """End relationships of many patients at once; the caller names rows that are in force."""
    lock(patient_ids={row.patient_id for row in rows})
    _end(rows, by=by)


def _end(rows: list[CareRelationship], *, by: User | None) -> None:
    if not rows:
        return
    now = timezone.now()
    for row in rows:
        row.ends_at, row.ended_by = max(now, row.starts_at), by
    CareRelationship.objects.bulk_update(rows, ["ends_at", "ended_by"])
    patients = {row.patient_id for row in rows}
    rebuild(patient_ids=patients, user_ids={row.user_id for row in rows})
    trail.record("patients.relationship.ended", subjects=patients, changed=rows, by=by)


def rebuild(*, patient_ids: Collection[UUID], user_ids: Collection[UUID]) -> None:
    """Write the object permissions of these people on these patients anew, as the union of relationships."""
    pairs = Q(content_object_id__in=patient_ids, user_id__in=user_ids)
    ChartPermission.objects.filter(pairs).delete()
    stretches: dict[tuple[UUID, UUID], list[tuple[datetime, datetime | None]]] = {}
    rows = CareRelationship.objects.filter(patient_id__in=patient_ids, user_id__in=user_ids)
    for row in rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())).order_by(
        "starts_at", "pk"
    ):
        _join(stretches.setdefault((row.user_id, row.patient_id), []), row.starts_at, row.ends_at)
    permission = Permission.objects.get(content_type__app_label="patients", codename="open_chart")
    ChartPermission.objects.bulk_create(
        ChartPermission(
            user_id=user,
            content_object_id=patient,
            permission=permission,
            starts_at=start,
            ends_at=stop,
        )
        for (user, patient), parts in stretches.items()
        for start, stop in parts
    )
    here = context.find()
    if here is not None:
        here.forget_decisions()


def _join(
    parts: list[tuple[datetime, datetime | None]], start: datetime, stop: datetime | None
) -> None:
    if parts and (parts[-1][1] is None or start <= parts[-1][1]):
        before, until = parts[-1]
        parts[-1] = (before, None if until is None or stop is None else max(until, stop))
    else:
        parts.append((start, stop))
