"""Writing one chunk of an import: rows, search index, earlier versions, one event with every state."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from patients.imports.registry import Importer, Plan
from patients.models import Encounter, ImportBatch, ImportChunk, Patient
from patients.services import versions
from patients.services.arrivals import take_over
from patients.services.imports import LOCK
from security import context, trail
from security.classification import Scope, SubjectKind
from security.sealing import index, keys
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of

REASON = "CSV"


def wait_for_turn() -> None:
    """Let imports go one after the other: two that bring the same patient at once would both register."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def write(*, batch: ImportBatch, importer: Importer, plan: Plan, number: int) -> ImportChunk:
    """Write what was planned for some rows, and note it so that it can be undone."""
    _prepare_keys(importer.model, plan.created)
    if importer.arriving is not None:
        importer.arriving(plan.created)
    importer.model._default_manager.bulk_create(plan.created, batch_size=500)
    kept = []
    for row, said in plan.changed:
        kept.append(versions.keep(row=row, reason=REASON, by=batch.acting_for))
        take_over(row, said)
    changed = [row for row, _said in plan.changed]
    if importer.index is not None:
        with context.matching():
            index.rebuild([*plan.created, *changed], importer.index)
    if importer.model is Encounter:
        _show_activity(plan.created)
    chunk = ImportChunk.objects.create(
        batch=batch,
        number=number,
        created=[row.pk for row in plan.created],
        changed=[row.pk for row in changed],
        changed_versions=[row.version for row in changed],
    )
    trail.record(
        "patients.import.rows_imported"
        if plan.created or changed
        else "patients.import.rows_compared",
        subjects={_whose(row) for row in (*plan.created, *changed)},
        changed=[*plan.created, *changed, *kept, chunk],
        obj=batch,
        counts={
            "created": len(plan.created),
            "changed": len(changed),
            "unchanged": plan.unchanged,
        },
    )
    return chunk


def _prepare_keys(model: type[SealedModel], rows: list[Any]) -> None:
    """Make the keys of all subjects with a few queries instead of some for each."""
    if not rows or model.sealing_subject_kind(rows[0]) != SubjectKind.PATIENT:
        return
    scopes = {model.scope}
    if "restricted" in shape_of(model).columns:
        scopes.add(Scope.RESTRICTED)
    subjects = list(dict.fromkeys(_whose(row) for row in rows))
    for scope in scopes:
        keys.prepare(subjects, kind=SubjectKind.PATIENT, scope=scope)


def _whose(row: Any) -> UUID:
    found: UUID = row.pk if isinstance(row, Patient) else row.patient_id
    return found


def _show_activity(rows: list[Any]) -> None:
    """Bring patients forward whose visits are later than what was known of them."""
    now = timezone.now()
    last: dict[UUID, datetime] = {}
    for row in rows:
        if row.occurred_at and row.occurred_at <= now:
            last[row.patient_id] = max(row.occurred_at, last.get(row.patient_id, row.occurred_at))
    before = Patient.objects.filter(pk__in=last).values_list("pk", "last_activity_at")
    for patient_id, at in before:
        if last[patient_id] > at:
            Patient.objects.filter(pk=patient_id).update(last_activity_at=last[patient_id])
