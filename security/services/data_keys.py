"""Destroying data keys, and handing them on: what they sealed is erased with them, or goes where they go."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction

from security import trail
from security.classification import SubjectKind
from security.sealing import keys


@transaction.atomic
def destroy(
    *, subject_ids: Collection[UUID], kind: SubjectKind, scopes: Collection[str], by: Any
) -> list[UUID]:
    """Destroy the keys of some subjects and scopes; return the ids of those that were in force."""
    ids = keys.destroy(subject_ids=subject_ids, kind=kind, scopes=scopes)
    if ids:
        trail.record(
            "security.key.destroyed",
            subjects=subject_ids,
            fields=[*(f"key:{one}" for one in ids), *(f"scope:{one}" for one in scopes)],
            counts={"keys": len(ids)},
            by=by,
        )
    return ids


@transaction.atomic
def adopt(
    *, from_id: UUID, from_kind: SubjectKind, to_id: UUID, to_kind: SubjectKind, by: Any
) -> list[UUID]:
    """Give somebody's keys to the record that the person has now; return the ids of the keys."""
    ids = keys.adopt(from_id=from_id, from_kind=from_kind, to_id=to_id, to_kind=to_kind)
    if ids:
        trail.record(
            "security.key.taken_over",
            subjects={from_id, to_id},
            fields=[f"key:{one}" for one in ids],
            counts={"keys": len(ids)},
            by=by,
        )
    return ids
