"""Rows held against the states that the trail keeps of them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db import models

from audit import names
from audit.models import State
from security.sealing.digest import state_digest

BATCH = 500
Item = TypeVar("Item")


class Why(StrEnum):
    """In which way a row is not what the trail says."""

    ALTERED = "altered"
    UNRECORDED = "unrecorded"
    MISSING = "missing"
    REVIVED = "revived"


class Mismatch(NamedTuple):
    """One row that is not what its newest state says."""

    model: str
    object_id: UUID
    why: Why


def mismatched(model: type[models.Model]) -> Iterator[Mismatch]:
    """Compare every row of a model with its newest state, then every state with its row.

    No key is needed: digests cover the stored envelopes.
    """
    label = names.label_of(model)
    rows = model._base_manager.order_by("pk").iterator(chunk_size=BATCH)
    for batch in _batches(rows):
        yield from verify_rows(batch)
    yield from _missing(model, label)


def verify_rows(rows: Iterable[models.Model]) -> Iterator[Mismatch]:
    """Compare rows of one model, as they were loaded, with their newest states: one query."""
    by_id = {names.id_of(row): row for row in rows}
    if not by_id:
        return
    label = names.label_of(type(next(iter(by_id.values()))))
    known = {state.object_id: state for state in State.objects.newest(label, list(by_id))}
    for object_id, row in by_id.items():
        why = _why(row, known.get(object_id))
        if why is not None:
            yield Mismatch(label, object_id, why)


def _why(row: models.Model, state: State | None) -> Why | None:
    if state is None:
        return Why.UNRECORDED
    if state.deleted:
        return Why.REVIVED
    if not hmac.compare_digest(bytes(state.digest), state_digest(row)):
        return Why.ALTERED
    return None


def _missing(model: type[models.Model], label: str) -> Iterator[Mismatch]:
    named = State.objects.filter(model=label).values_list("object_id", flat=True)
    ids = named.order_by("object_id").distinct().iterator(chunk_size=BATCH)
    for batch in _batches(ids):
        keys = {_key_of(model, object_id): object_id for object_id in batch}
        present = set(model._base_manager.filter(pk__in=keys).values_list("pk", flat=True))
        gone = [object_id for key, object_id in keys.items() if key not in present]
        deleted = State.objects.newest(label, gone).filter(deleted=True)
        known_gone = set(deleted.values_list("object_id", flat=True))
        for object_id in gone:
            if object_id not in known_gone:
                yield Mismatch(label, object_id, Why.MISSING)


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _key_of(model: type[models.Model], object_id: UUID) -> UUID | int:
    return object_id if isinstance(model._meta.pk, models.UUIDField) else object_id.int
