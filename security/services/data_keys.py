"""Destroying data keys: what they sealed is erased wherever it lies, with the last copy of the keys."""

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
