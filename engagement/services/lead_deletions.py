"""Deleting who never became a patient: the ledger first, then the key, then the row and what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from engagement.models import Lead, MessageLink
from engagement.services.leads import Converted
from security import trail
from security.backups import erasures as ledger
from security.classification import Scope, SubjectKind
from security.models import OutboxMessage, User
from security.services import data_keys

LEAD = SubjectKind.LEAD
BATCH = 200


@transaction.atomic
def delete(*, lead_id: UUID, why: str, by: User | None) -> None:
    """Delete somebody with the key, on the person's wish or because the day came; never a patient."""
    row = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
    if row.patient_id is not None:
        raise Converted(
            "This person is a patient: what is kept is erased with the record, at its desk."
        )
    # Before anything: a backup of yesterday still holds the person.
    ledger.append(
        ledger.INTENT, erasure=row.pk, subjects=[str(row.pk)], subject_of=str(LEAD), why=why
    )
    _gone(row.pk, [row], why, by)


def _gone(lead_id: UUID, rows: list[Any], why: str, by: User | None) -> int:
    """Destroy the key, then delete the rows; what was sent goes with them."""
    destroyed = data_keys.destroy(subject_ids=[lead_id], kind=LEAD, scopes=[*Scope], by=by)
    sent = OutboxMessage._base_manager.filter(subject_id=lead_id, recipient_kind=LEAD)
    links = MessageLink.objects.filter(subject_id=lead_id)
    gone = [*rows, *sent, *links]
    for found in (sent, links, Lead._base_manager.filter(pk=lead_id, patient=None)):
        found._raw_delete(found.db)
    trail.record(
        "engagement.lead.deleted",
        subjects=[lead_id],
        deleted=gone,
        fields=[why],
        counts={"keys": len(destroyed), "rows": len(gone)},
        by=by,
    )
    return len(destroyed) + len(gone)


def purge() -> int:
    """Delete everybody whose day has come; return how many. What fails is tried again the next night."""
    due = Lead.objects.due(timezone.localdate()).order_by("delete_on", "pk")
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    for lead_id in ids:
        delete(lead_id=lead_id, why="time", by=None)
    return len(ids)


def again(line: ledger.Line) -> int:
    """Delete somebody once more, in a database from before it; return how much was still there."""
    if line.body.get("subject_of") != LEAD:
        return 0
    count = 0
    for lead_id in line.subjects:
        with transaction.atomic():
            rows = list(
                Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id, patient=None)
            )
            count += _gone(lead_id, rows, "restored", None)
    return count


def install() -> None:
    """Tell the restore how such a deletion is done again; called once at start-up."""
    ledger.replayer(again)
