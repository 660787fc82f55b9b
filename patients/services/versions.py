"""Correcting rows: the earlier state is kept, and two writers never overwrite one another unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from patients.models import Patient, Protectable, RecordVersion
from patients.queries.versions import KEPT, plain_columns
from security import trail
from security.models import User
from security.sealing import SealedModel
from security.sealing.shape import shape_of


class Conflict(Exception):
    """Somebody else saved a newer version meanwhile; `row` is what is stored now."""

    def __init__(self, row: Any) -> None:
        super().__init__(repr(row))
        self.row = row


class NothingChanged(Exception):
    """What was sent is what is stored; no version is made of it."""


def locked(model: type[SealedModel], row_id: UUID, *, version: int) -> Any:
    """Lock a row for writing; raise Conflict unless it is still the version that was read."""
    row = model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=row_id)
    if row.version != version:
        raise Conflict(row)
    return row


def keep(*, row: SealedModel, reason: str, by: User | None) -> RecordVersion:
    """Keep a loaded row's envelopes as they are stored, before a deed changes it."""
    shape, state = shape_of(type(row)), row.__dict__
    missing = [column.attname for column in shape.columns.values() if column.attname not in state]
    if missing:
        row.refresh_from_db(fields=missing)
    plain = {
        field.attname: None if state[field.attname] is None else field.value_to_string(row)
        for field in plain_columns(type(row))
    }
    patient_id = row.pk if isinstance(row, Patient) else row.patient_id  # type: ignore[attr-defined]
    kept = {KEPT[name]: bytes(state[column.attname]) for name, column in shape.columns.items()}
    version = RecordVersion(
        patient_id=patient_id,
        label=row.seal_label,
        row_id=row.pk,
        row_version=row.version,
        row_restricted_version=getattr(row, "restricted_version", None),
        plain=plain,
        replaced_by=by,
        reason=reason,
        **kept,
    )
    version.save(force_insert=True)
    return version


@transaction.atomic
def correct(
    *,
    model: type[SealedModel],
    row_id: UUID,
    version: int,
    changes: Mapping[str, Any],
    reason: str,
    action: str,
    by: User,
) -> Any:
    """Write changed values as the row's next version and keep the one before.

    Raises Conflict when somebody else was first, NothingChanged when nothing differs, SealBroken when the
    row can not be opened: a form built on nothing must never be saved over it.
    """
    row = locked(model, row_id, version=version)
    is_concealed = isinstance(row, Protectable) and row.is_protected
    if is_concealed:
        row.uncover()
    differing = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if not differing:
        raise NothingChanged(repr(row))
    kept = keep(row=row, reason=reason, by=by)
    for name, value in differing.items():
        setattr(row, name, value)
    if is_concealed:
        row.conceal()
    row.advance()
    row.save()
    trail.record(
        action,
        subjects=[kept.patient_id],
        changed=[row, kept],
        obj=row,
        fields=[f"{row.seal_label}.{name}" for name in differing],
        reason=reason,
        by=by,
    )
    return row
