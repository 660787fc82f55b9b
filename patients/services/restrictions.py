"""Marking items of a record as specially protected, and lifting the mark again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from patients.models import Draft, Note, PatientRecord, Protectable, RecordVersion
from patients.queries import versions as earlier
from patients.services import versions
from security import trail
from security.models import User
from security.sealing import SealedModel
from security.sealing.shape import shape_of

RESTRICTED = PatientRecord.Confidentiality.RESTRICTED
NORMAL = PatientRecord.Confidentiality.NORMAL


@transaction.atomic
def mark(
    *,
    model: type[PatientRecord],
    row_id: UUID,
    version: int,
    is_restricted: bool,
    reason: str,
    by: User,
) -> Any:
    """Protect an item or lift its protection; what it says moves to the restricted envelope or back.

    Where the model has that envelope nothing of the item stays under the key of the record: neither in the
    row, nor in its earlier versions, nor in what somebody is typing about it.
    """
    row = versions.locked(model, row_id, version=version)
    if (row.confidentiality != NORMAL) == is_restricted:
        raise versions.NothingChanged(repr(row))
    changed = list(_move(row, is_restricted=is_restricted, reason=reason, by=by))
    if isinstance(row, Note):
        for addendum in row.addenda.select_for_update(of=("self",)).order_by("pk"):
            changed += _move(addendum, is_restricted=is_restricted, reason=reason, by=by)
    if is_restricted:
        changed += _conceal_drafts(row)
    trail.record(
        "patients.item.protected" if is_restricted else "patients.item.opened",
        subjects=[row.patient_id],
        changed=changed,
        obj=row,
        reason=reason,
        by=by,
    )
    return row


def _move(row: Any, *, is_restricted: bool, reason: str, by: User) -> Iterator[SealedModel]:
    """Write one row concealed or uncovered; yield every row that was written for it."""
    yield versions.keep(row=row, reason=reason, by=by)
    row.confidentiality = RESTRICTED if is_restricted else NORMAL
    if isinstance(row, Protectable):
        if is_restricted:
            row.conceal()
        else:
            row.uncover()
    row.advance()
    row.save()
    yield row
    if is_restricted and isinstance(row, Protectable):
        for version in earlier.of_row(row).select_for_update(of=("self",)):  # type: ignore[arg-type]
            yield _concealed(version)


def _concealed(version: RecordVersion) -> RecordVersion:
    """Seal an earlier state again: with its content in the restricted envelope, at the same place."""
    before: PatientRecord = earlier.reopened(version)
    before.sealing_begin("restricted")
    before.conceal()  # type: ignore[attr-defined]  # earlier states of protectable rows only
    for name, column in shape_of(type(before)).columns.items():
        setattr(version, earlier.KEPT[name], bytes(getattr(before, column.attname)))
    version.row_restricted_version = before.restricted_version
    version.plain = {**version.plain, "confidentiality": str(RESTRICTED)}
    version.advance()
    version.save()
    return version


def _conceal_drafts(row: PatientRecord) -> Iterator[Draft]:
    found = Draft.objects.filter(target_id=row.pk, patient_id=row.patient_id)
    for draft in found.select_for_update(of=("self",)).order_by("pk"):
        if draft.content is not None:
            draft.restricted_content, draft.content = draft.content, None
            draft.advance()
            draft.save()
            yield draft
