"""Rows held against the states that the trail keeps of them."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models

from audit import names
from audit.models import State
from security.sealing.digest import state_digest

BATCH = 500
# How often a row that changes while it is looked at is looked at again.
LOOKS = 5


class Why(StrEnum):
    """In which way a row is not what the trail says."""

    ALTERED = "altered"
    ROLLED_BACK = "rolled_back"
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
    after: UUID | None = None
    while rows := rows_after(model, after):
        yield from verify_rows(rows)
        after = names.id_of(rows[-1])
    after = None
    while ids := named_after(model, after):
        yield from verify_named(model, ids)
        after = ids[-1]


def rows_after(model: type[models.Model], after: UUID | None, size: int = BATCH) -> list[Any]:
    """Return the next rows of a model in the order of their keys."""
    rows = model._base_manager.order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=names.key_of(model, after))
    return list(rows[:size])


def named_after(model: type[models.Model], after: UUID | None, size: int = BATCH) -> list[UUID]:
    """Return the next rows that the trail knows of a model, whether they are there or not."""
    named = State.objects.filter(model=names.label_of(model))
    if after is not None:
        named = named.filter(object_id__gt=after)
    ids = named.values_list("object_id", flat=True).order_by("object_id").distinct()
    return list(ids[:size])


def verify_rows(rows: Iterable[models.Model]) -> Iterator[Mismatch]:
    """Compare rows of one model, as they were loaded, with their newest states: one query."""
    by_id = {names.id_of(row): row for row in rows}
    if not by_id:
        return
    model = type(next(iter(by_id.values())))
    known = _newest(names.label_of(model), by_id)
    doubtful = [one for one, row in by_id.items() if not _agrees(row, known.get(one))]
    yield from _confirmed(model, doubtful)


def verify_named(model: type[models.Model], ids: Collection[UUID]) -> Iterator[Mismatch]:
    """Find the rows that should be there and are not: one query while all are."""
    present = set(model._base_manager.filter(pk__in=_keys(model, ids)).values_list("pk", flat=True))
    yield from _confirmed(model, [one for one in ids if names.key_of(model, one) not in present])


def _confirmed(model: type[models.Model], ids: list[UUID]) -> Iterator[Mismatch]:
    """Look again until nobody wrote meanwhile: row and state come from two queries.

    A row read between two equal newest states was read while that state was the newest. One that never
    stands still is written by the application, and the next comparison meets it again.
    """
    label, waiting = names.label_of(model), ids
    for _look in range(LOOKS):
        if not waiting:
            return
        before = _newest(label, waiting)
        rows = {
            names.id_of(row): row
            for row in model._base_manager.filter(pk__in=_keys(model, waiting)).order_by("pk")
        }
        after = _newest(label, waiting)
        still = [one for one in waiting if _event(before.get(one)) == _event(after.get(one))]
        for one in still:
            why = _why(rows.get(one), after.get(one))
            if why is not None:
                yield Mismatch(label, one, why)
        waiting = [one for one in waiting if one not in still]


def _newest(label: str, ids: Iterable[UUID]) -> dict[UUID, State]:
    return {state.object_id: state for state in State.objects.newest(label, list(ids))}


def _event(state: State | None) -> UUID | None:
    return state.event_id if state is not None else None


def _agrees(row: models.Model, state: State | None) -> bool:
    return (
        state is not None
        and not state.deleted
        and hmac.compare_digest(bytes(state.digest), state_digest(row))
    )


def _why(row: models.Model | None, state: State | None) -> Why | None:
    if row is None:
        return None if state is None or state.deleted else Why.MISSING
    if state is None:
        return Why.UNRECORDED
    if state.deleted:
        return Why.REVIVED
    if _agrees(row, state):
        return None
    digest = state_digest(row)
    earlier = State.objects.filter(model=state.model, object_id=state.object_id, digest=digest)
    return Why.ROLLED_BACK if earlier.exists() else Why.ALTERED


def _keys(model: type[models.Model], ids: Iterable[UUID]) -> list[UUID | int | str]:
    return [names.key_of(model, one) for one in ids]
