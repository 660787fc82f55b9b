"""Joining two records of one person, and taking them apart again; every row goes back where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import merging
from patients.models import ChartPermission, Merge, Patient, PatientIndex
from patients.queries import versions as earlier
from patients.services import moves, relationships, versions
from patients.services.imports import LOCK
from patients.services.versions import Conflict
from security import context, trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User
from security.sealing import index, keys

PATIENT = SubjectKind.PATIENT
# What the apps above carry over, or for whom they refuse: told of the survivor and of who was taken in.
Follow = Callable[[UUID, UUID], object]
followers: list[Follow] = []
# Longer than any deed takes, and than the time between two sweeps.
LATE = timedelta(hours=6)


class Impossible(Refused):
    """These two records can not be joined."""


class OtherBirth(Refused):
    """The two were born on different days, and nobody said that one of them is a mistake."""


class NotUndone(Refused):
    """The merge can not be undone, or not now."""


@transaction.atomic
def compare(*, survivor_id: UUID, absorbed_id: UUID, by: User) -> None:
    """Record that two records are laid side by side: each of them is looked at, and not the first alone."""
    both, names = [survivor_id, absorbed_id], ["patients.patient.names"]
    trail.record("patients.patient.compared", subjects=both, fields=names, by=by)


@transaction.atomic
def merge(  # noqa: PLR0913 - both records, both versions, and what was decided about them
    *,
    survivor_id: UUID,
    survivor_version: int,
    absorbed_id: UUID,
    absorbed_version: int,
    choices: Mapping[str, str],
    is_birth_confirmed: bool,
    reason: str,
    by: User,
) -> Merge:
    """Take one record into another: its rows move, both are found as one, and nothing is lost.

    Accounts of the portal stay where they are: whoever opens one record is not given the other in silence.
    Raises Conflict when one of the two was changed meanwhile, Impossible or OtherBirth.
    """
    survivor, absorbed = _locked(survivor_id, absorbed_id)
    _check(survivor, absorbed)
    for row, version in ((survivor, survivor_version), (absorbed, absorbed_version)):
        if row.version != version:
            raise Conflict(row)
    if "birth_on" in merging.conflicts(survivor, absorbed) and not is_birth_confirmed:
        raise OtherBirth(_("These two were born on different days. Say that one is a mistake."))
    kept, active_at = versions.keep(row=survivor, reason=reason, by=by), survivor.last_activity_at
    survivor.last_activity_at = max(active_at, absorbed.last_activity_at)
    _write(survivor, merging.joined(survivor, absorbed, choices))
    moved = moves.all_of(from_id=absorbed.pk, to_id=survivor.pk)
    Patient._base_manager.filter(pk=absorbed.pk).update(merged_into=survivor)
    keys.move(from_id=absorbed.pk, to_id=survivor.pk, kind=PATIENT)
    made = Merge(
        patient=survivor,
        absorbed=absorbed,
        survivor_version=survivor_version,
        survivor_active_at=active_at,
        merged_by=by,
        moved={label: [str(one.pk) for one in rows] for label, rows in moved.items()},
        reason=reason,
    )
    made.save(force_insert=True)
    PatientIndex.objects.filter(row_id=absorbed.pk).delete()
    for follow in followers:
        follow(survivor.pk, absorbed.pk)
    _follow_up([survivor], [survivor.pk, absorbed.pk])
    _tell("patients.patient.merged", made, [kept, survivor, *_flat(moved)], by=by)
    return made


@transaction.atomic
def undo(*, merge_id: UUID, survivor_version: int, reason: str, by: User) -> Merge:
    """Take two joined records apart: what came from each goes back, what was written since stays.

    Raises Conflict when the record was changed meanwhile, NotUndone.
    """
    row = Merge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    survivor, absorbed = _locked(row.patient_id, row.absorbed_id)
    if row.undone_at is not None:
        raise NotUndone(_("This merge was undone before."))
    later = Merge.objects.filter(patient=survivor, undone_at__isnull=True)
    if later.filter(Q(merged_at__gt=row.merged_at)).exists():
        raise NotUndone(_("Another record was merged later. Undo that one first."))
    if survivor.version != survivor_version:
        raise Conflict(survivor)
    before = earlier.at(survivor, row.survivor_version)
    after = earlier.at(survivor, row.survivor_version + 1)
    kept = versions.keep(row=survivor, reason=reason, by=by)
    if survivor.last_activity_at == absorbed.last_activity_at:
        survivor.last_activity_at = row.survivor_active_at
    _write(survivor, merging.taken_apart(before, after, survivor))
    moved = {label: [UUID(one) for one in ids] for label, ids in (row.moved or {}).items()}
    own_keys = keys.give_back(created_for=absorbed.pk, kind=PATIENT)
    Patient._base_manager.filter(pk=absorbed.pk).update(merged_into=None)
    back = moves.back(moved, from_id=survivor.pk, to_id=absorbed.pk, own_keys=own_keys)
    row.undone_at, row.undone_by, row.undone_reason = timezone.now(), by, reason
    row.advance()
    row.save()
    _follow_up([survivor, Patient.objects.get(pk=absorbed.pk)], [survivor.pk, absorbed.pk])
    _tell("patients.patient.unmerged", row, [kept, survivor, *_flat(back)], by=by)
    return row


@transaction.atomic
def gather(*, merge_id: UUID) -> int:
    """Move what was being written for a merged record while it was merged; return how many rows."""
    row = Merge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    if row.undone_at is not None:
        return 0
    late = moves.all_of(from_id=row.absorbed_id, to_id=row.patient_id)
    if not late:
        return 0
    known = {label: list(ids) for label, ids in (row.moved or {}).items()}
    for label, rows in late.items():
        known.setdefault(label, []).extend(str(one.pk) for one in rows)
    row.moved = known
    row.advance()
    row.save()
    _follow_up([], [row.patient_id, row.absorbed_id])
    _tell("patients.patient.gathered", row, _flat(late), by=None)
    return len(_flat(late))


def recent() -> list[UUID]:
    """Return the merges into which somebody may still have been writing when they were made."""
    found = Merge.objects.filter(undone_at__isnull=True, merged_at__gt=timezone.now() - LATE)
    return list(found.values_list("pk", flat=True))


def _locked(survivor_id: UUID, absorbed_id: UUID) -> tuple[Patient, Patient]:
    """Lock both records against every new row about them, and against imports."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    found = Patient.objects.filter(pk__in=[survivor_id, absorbed_id]).order_by("pk")
    rows = {row.pk: row for row in found.select_for_update(of=("self",))}
    if len(rows) != 2:
        raise Impossible(_("A record can not be merged with itself."))
    return rows[survivor_id], rows[absorbed_id]


def _check(survivor: Patient, absorbed: Patient) -> None:
    if survivor.merged_into_id or absorbed.merged_into_id:
        raise Impossible(_("One of these records was merged before."))
    if Merge.objects.filter(patient=absorbed, undone_at__isnull=True).exists():
        raise Impossible(
            _(
                "Another record was merged into this one. Merge the other way round, or undo that first."
            )
        )


def _write(survivor: Patient, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(survivor, name, value)
    survivor.advance()
    survivor.save()


def _follow_up(found: list[Patient], patient_ids: list[UUID]) -> None:
    """Let both be found and reached as they stand now."""
    with context.matching():
        index.rebuild(found, PatientIndex)
    permissions = ChartPermission.objects.filter(content_object_id__in=patient_ids)
    users = set(permissions.values_list("user_id", flat=True)) | moves.carers(patient_ids)
    relationships.rebuild(patient_ids=patient_ids, user_ids=users)
    context.current().forget_decisions()


def _tell(action: str, row: Merge, rows: list[Any], *, by: User | None) -> None:
    trail.record(
        action,
        subjects=[row.patient_id, row.absorbed_id],
        changed=[row, *Patient._base_manager.filter(pk=row.absorbed_id), *rows],
        obj=row,
        counts={"rows": len(rows)},
        by=by,
    )


def _flat(moved: Mapping[str, list[Any]]) -> list[Any]:
    return [row for rows in moved.values() for row in rows]
