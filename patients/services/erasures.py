"""Erasing what a patient's keys sealed: rows, versions, drafts, rows of search, files, queued messages.

What others refer to stays as a row that says nothing: its envelopes are overwritten. Every step may be done
twice, and one that was interrupted is done again; the keys are destroyed before any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from patients.models import ChartPermission, Patient, PortalAccount
from patients.queries import erasable
from security import context, trail
from security.classification import Scope
from security.models import User
from security.sealing import SealedModel, files
from security.sealing.envelope import ERASED
from security.sealing.shape import shape_of
from security.services import accounts


@transaction.atomic
def lock(*, patient_ids: Collection[UUID]) -> None:
    """Wait for who writes about these patients now, and let nobody begin until this is over."""
    list(
        Patient._base_manager.filter(pk__in=patient_ids)
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", flat=True)
    )


def steps(scope: str, patient_ids: Collection[UUID]) -> list[str]:
    """Return the names of the steps that erase one scope, in their order."""
    return [rows.model._meta.label_lower for rows in erasable.rows_of_scope(scope, patient_ids)]


@transaction.atomic
def erase_step(*, scope: str, model: str, patient_ids: Collection[UUID]) -> tuple[int, int]:
    """Erase the rows of one model that go with a scope; return how many rows and files went."""
    rows = next(
        one
        for one in erasable.rows_of_scope(scope, patient_ids)
        if one.model._meta.label_lower == model
    )
    found = list(rows.select_for_update(of=("self",)))
    kept = erasable.referred(rows)
    file_ids = erasable.files_of(rows)
    for file_id in file_ids:
        # Before the row that names it: a file that nobody names any more would wait for a sweep.
        files.remove(file_id)
    gone = [row for row in found if row.pk not in kept]
    rows.model._base_manager.filter(pk__in=[row.pk for row in gone])._raw_delete(rows.db)
    empty = blank(rows.model, [row for row in found if row.pk in kept])
    if found:
        trail.record(
            "patients.erasure.deleted",
            subjects=patient_ids,
            changed=empty,
            deleted=gone,
            fields=[f"scope:{scope}", model],
            counts={"rows": len(gone), "emptied": len(empty), "files": len(file_ids)},
        )
    return len(found), len(file_ids)


def blank(model: type[models.Model], rows: Sequence[Any]) -> list[Any]:
    """Overwrite the envelopes of rows that have to stay; return the rows as they stand then."""
    if not rows or not issubclass(model, SealedModel):
        return list(rows)
    written: dict[str, Any] = {one.attname: ERASED for one in shape_of(model).columns.values()}
    names = {field.name for field in model._meta.concrete_fields}
    if "source_key" in names:
        # The same content brought in again must not find its way back here.
        written["source_key"] = None
    ids = [row.pk for row in rows]
    for row in rows:
        model._base_manager.filter(pk=row.pk).update(version=row.version + 1, **written)
    return list(model._base_manager.filter(pk__in=ids))


@transaction.atomic
def erase_index(*, scope: str, patient_ids: Collection[UUID]) -> int:
    """Delete the rows of search that go with a scope."""
    return sum(rows._raw_delete(rows.db) for rows in erasable.index_rows(scope, patient_ids))


@transaction.atomic
def erase_loose(*, patient_ids: Collection[UUID]) -> int:
    """Delete what no law keeps: unsaved forms, messages that were not sent."""
    gone = [
        *erasable.drafts(patient_ids).select_for_update(of=("self",)),
        *erasable.messages(patient_ids, waiting=True).select_for_update(of=("self",)),
    ]
    for rows in (erasable.drafts(patient_ids), erasable.messages(patient_ids, waiting=True)):
        rows._raw_delete(rows.db)
    if gone:
        trail.record(
            "patients.erasure.loosened",
            subjects=patient_ids,
            deleted=gone,
            counts={"rows": len(gone)},
        )
    return len(gone)


@transaction.atomic
def close_accounts(*, patient_ids: Collection[UUID], by: User | None) -> int:
    """End who opens these records by the portal; an account that opens nothing more is erased."""
    rows = list(erasable.accounts(patient_ids).select_for_update(of=("self",)))
    now = timezone.now()
    for row in rows:
        row.ends_at, row.ended_by = max(now, row.starts_at), by
    PortalAccount.objects.bulk_update(rows, ["ends_at", "ended_by"])
    if rows:
        trail.record("patients.account.closed", subjects=patient_ids, changed=rows, by=by)
    # Also those that a run which was interrupted has ended already.
    ended = PortalAccount.objects.filter(patient_id__in=patient_ids)
    users = set(ended.values_list("user_id", flat=True))
    in_use = PortalAccount.objects.in_force().filter(user_id__in=users)
    for user_id in sorted(users - set(in_use.values_list("user_id", flat=True))):
        accounts.erase(user_id=user_id, by=by)
    return len(rows)


@transaction.atomic
def leave_stub(*, patient_ids: Collection[UUID]) -> int:
    """Leave of patients what others refer to: an id, and nothing that names anybody."""
    with_content = Patient._base_manager.filter(pk__in=patient_ids).exclude(sealed=ERASED)
    found = list(with_content.select_for_update(of=("self",)))
    ChartPermission.objects.filter(content_object_id__in=patient_ids).delete()
    empty = blank(Patient, found)
    normal = Patient.Confidentiality.NORMAL
    for row in empty:
        row.confidentiality = normal
    Patient._base_manager.filter(pk__in=patient_ids).update(confidentiality=normal)
    if empty:
        trail.record(
            "patients.erasure.emptied",
            subjects=patient_ids,
            changed=empty,
            fields=[f"scope:{Scope.RECORD}"],
        )
    context.current().forget_decisions()
    return len(empty)
