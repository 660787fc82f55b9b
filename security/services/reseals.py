"""Moving sealed fields between the envelopes of a row, after a declaration with `moved_from=`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from security import trail
from security.sealing.errors import SealBroken
from security.sealing.fields import Sealed
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of


def moved_fields(model: type[SealedModel]) -> list[Sealed]:
    """Return the fields of a model that were in another envelope before."""
    return [field for field in shape_of(model).fields.values() if field.moved_from]


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
