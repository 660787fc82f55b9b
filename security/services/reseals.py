"""Finishing what a declaration changed: fields that moved between envelopes, envelopes that are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from security import trail
from security.sealing.errors import SealBroken
from security.sealing.fields import Sealed
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of


def moved_fields(model: type[SealedModel]) -> list[Sealed]:
    """Return the fields of a model that were in another envelope before."""
    return [field for field in shape_of(model).fields.values() if field.moved_from]


def unbegun(model: type[SealedModel]) -> QuerySet[Any]:
    """Return the rows that were written before their model declared its restricted envelope."""
    rows = model._default_manager.order_by("pk")
    column = shape_of(model).columns.get("restricted")
    return rows.filter(**{column.attname: b""}) if column else rows.none()


@transaction.atomic
def begin(*, model: type[SealedModel], ids: Sequence[UUID]) -> Counter[str]:
    """Seal an empty restricted envelope for rows that have none.

    A row that says nothing elsewhere was concealed, and somebody emptied that envelope: it stays broken.
    """
    fields = [one for one in shape_of(model).fields.values() if one.envelope != "restricted"]
    begun, counts = [], Counter[str]()
    for row in unbegun(model).select_for_update(of=("self",)).filter(pk__in=ids):
        try:
            is_whole = any(getattr(row, one.name) is not None for one in fields)
        except SealBroken:
            is_whole = False
        if not is_whole:
            counts["broken"] += 1
            continue
        row.sealing_begin("restricted")
        row.advance()
        row.save()
        begun.append(row)
    if begun:
        trail.record("security.record.resealed", changed=begun, counts={"rows": len(begun)})
    counts["moved"] = len(begun)
    return counts


@transaction.atomic
def finish(*, model: type[SealedModel], ids: Sequence[UUID]) -> Counter[str]:
    """Move what has not moved yet of one batch of rows; a row whose seal is broken stays as it is."""
    fields, moved, counts = moved_fields(model), [], Counter[str]()
    for row in model._default_manager.select_for_update().filter(pk__in=ids).order_by("pk"):
        try:
            is_moved = row.sealing_move(fields)
        except SealBroken:
            counts["broken"] += 1
            continue
        if is_moved:
            row.advance()
            row.save()
            moved.append(row)
    if moved:
        names = sorted(field.read_name for field in fields)
        trail.record(
            "security.record.resealed", changed=moved, fields=names, counts={"rows": len(moved)}
        )
    counts["moved"] = len(moved)
    return counts
