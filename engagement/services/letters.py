"""Letters for the post: everything that waits is set in one file, then marked as posted."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import engagement.printing
from consent.queries import words
from engagement.models import LetterBatch
from security import trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.delivery import permits, sending
from security.models import OutboxMessage, User
from security.printing import pdf
from security.sealing import SealBroken

PRINTING = Path(engagement.printing.__file__).parent
State = OutboxMessage.State
MOST = 200


class NothingWaits(Refused):
    """There is no letter to be printed."""


class PostedAlready(Refused):
    """The letters of this batch were posted."""


def waiting_count() -> int:
    """Return how many letters wait to be printed."""
    return _waiting().count()


def _waiting() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        channel="letter", state=State.WAITING, recipient_kind=SubjectKind.PATIENT
    )


@transaction.atomic
def gather(*, by: User) -> LetterBatch:
    """Put what waits into one batch, asking of each whether it may still leave."""
    rows = list(_waiting().select_for_update(skip_locked=True).order_by("created_at", "pk")[:MOST])
    if not rows:
        raise NothingWaits(_("No letter waits to be printed."))
    batch = LetterBatch(made_by=by)
    kept = [row for row in rows if _may_leave(row)]
    batch.count = len(kept)
    batch.save()
    for row in kept:
        row.state, row.batch_id, row.attempts = State.SENDING, batch.pk, 1
        row.save(update_fields=["state", "batch_id", "attempts"])
    trail.record(
        "engagement.letters.gathered", subjects=[row.subject_id for row in kept], changed=[batch],
        obj=batch, counts={"letters": len(kept), "left_out": len(rows) - len(kept)}, by=by,
    )  # fmt: skip
    return batch


def _may_leave(row: OutboxMessage) -> bool:
    refusal = permits.refusal(row)
    if refusal:
        row.state, row.failure = State.SKIPPED, refusal
        row.save(update_fields=["state", "failure"])
        sending.tell_end(row)
    return not refusal


def paper(*, batch: LetterBatch, by: User) -> bytes:
    """Set the letters of a batch as one file, a letter to a page; printing it again is an event again."""
    rows = list(OutboxMessage.objects.filter(batch_id=batch.pk).order_by("created_at", "pk"))
    content = pdf(PRINTING / "letters.typ", {"letters": [one for one in map(_page, rows) if one]})
    with transaction.atomic():
        trail.record(
            "engagement.letters.printed", subjects=[row.subject_id for row in rows], obj=batch,
            counts={"letters": len(rows)}, by=by,
        )  # fmt: skip
    return content


def _page(row: OutboxMessage) -> dict[str, Any] | None:
    try:
        said = {"to": row.address.split("\n"), "title": row.title, "lines": row.text.split("\n\n")}
    except SealBroken:
        return None
    return said | {"clinic": words.clinic("en"), "clinic_zh": words.clinic("zh-hans")}


@transaction.atomic
def post(*, batch_id: UUID, by: User) -> LetterBatch:
    """Mark the letters of a batch as posted."""
    batch = LetterBatch.objects.select_for_update().get(pk=batch_id)
    if batch.posted_at is not None:
        raise PostedAlready(_("These letters were posted already."))
    batch.posted_at, batch.posted_by = timezone.now(), by
    batch.save(update_fields=["posted_at", "posted_by"])
    rows = OutboxMessage.objects.select_for_update().filter(batch_id=batch.pk, state=State.SENDING)
    for row in rows:
        row.state, row.sent_at = State.SENT, timezone.now()
        row.save(update_fields=["state", "sent_at"])
        sending.tell_end(row)
    trail.record("engagement.letters.posted", changed=[batch], obj=batch, by=by)
    return batch
