"""Taking one chunk of an import back, unless somebody has worked with its rows since."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from patients.imports.registry import Importer
from patients.imports.rows import closed
from patients.models import ImportBatch, ImportChunk, RecordVersion
from patients.queries.versions import plain_columns, reopened
from patients.services import versions
from security import context, trail
from security.sealing import index
from security.sealing.index import SearchIndex
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of

REASON = "CSV: undo"


@transaction.atomic
def take_back(*, batch: ImportBatch, importer: Importer, chunk: ImportChunk) -> int:
    """Remove what a chunk created and put back what it changed; return how many rows stay as they are."""
    removed, kept = _untouched(importer, chunk)
    returned = _revert(batch, importer, chunk)
    deleted = list(removed)
    if importer.leaving is not None:
        importer.leaving(deleted)
    chunk.undone_at = timezone.now()
    chunk.save(update_fields=["undone_at"])
    trail.record(
        "patients.import.rows_reverted",
        subjects={whose(row) for row in (*deleted, *returned)},
        changed=[*returned, chunk],
        deleted=deleted,
        obj=batch,
        counts={"removed": len(deleted), "returned": len(returned), "kept": kept},
    )
    importer.model._default_manager.filter(pk__in=[row.pk for row in deleted]).delete()
    kept += len(chunk.changed) - sum(1 for row in returned if not isinstance(row, RecordVersion))
    return kept


def _untouched(importer: Importer, chunk: ImportChunk) -> tuple[list[Any], int]:
    """Return the created rows that nobody changed and nothing refers to, and the number of the others."""
    rows = list(
        importer.model._default_manager.select_for_update(of=("self",)).filter(pk__in=chunk.created)
    )
    in_use = referred_to(importer.model, [row.pk for row in rows])
    barred = closed({whose(row) for row in rows})
    free = [
        row
        for row in rows
        if row.version == 1
        and getattr(row, "restricted_version", 1) == 1
        and row.pk not in in_use
        and whose(row) not in barred
    ]
    return free, len(rows) - len(free)


def whose(row: Any) -> UUID:
    """Return the patient whom a row is about, who may be the row itself."""
    found: UUID = getattr(row, "patient_id", row.pk)
    return found


def referred_to(model: type[models.Model], ids: Collection[UUID]) -> set[UUID]:
    """Return which rows anything else in the database refers to; the search index goes with its row."""
    found: set[UUID] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or issubclass(
            relation.related_model, SearchIndex
        ):
            continue
        name = relation.field.attname
        held = relation.related_model._base_manager.filter(**{f"{name}__in": ids})
        found.update(held.values_list(name, flat=True))
    return found


def _revert(batch: ImportBatch, importer: Importer, chunk: ImportChunk) -> list[Any]:
    """Write what stood before as the next version of each row that is still as the import left it."""
    left = dict(zip(chunk.changed, chunk.changed_versions, strict=True))
    rows: list[Any] = list(
        importer.model._default_manager.select_for_update(of=("self",)).filter(pk__in=list(left))
    )
    barred = closed({whose(row) for row in rows})
    rows = [row for row in rows if row.version == left[row.pk] and whose(row) not in barred]
    earlier = {
        (version.row_id, version.row_version): version
        for version in RecordVersion.objects.filter(row_id__in=[row.pk for row in rows])
    }
    changed: list[Any] = []
    for row in rows:
        before = earlier.get((row.pk, row.version - 1))
        if before is None:
            continue
        changed.append(versions.keep(row=row, reason=REASON, by=batch.acting_for))
        with context.matching():
            _put_back(row, reopened(before))
        changed.append(row)
    if importer.index is not None:
        with context.matching():
            index.rebuild([r for r in changed if isinstance(r, importer.model)], importer.index)
    return changed


def _put_back(row: SealedModel, before: Any) -> None:
    for name in shape_of(type(row)).fields:
        if getattr(row, name) != getattr(before, name):
            setattr(row, name, getattr(before, name))
    for column in plain_columns(type(row)):
        setattr(row, column.attname, getattr(before, column.attname))
    row.advance()
    row.save()
