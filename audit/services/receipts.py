"""Handing out the proof that an event stands in the ledger."""

from __future__ import annotations

from django.db import transaction

from audit.ledger import receipts
from audit.models import Event
from security import trail
from security.models import User


@transaction.atomic
def hand_out(*, event: Event, by: User) -> str:
    """Return the receipt of an event, and record that it was taken; raise NotSealed while it waits."""
    text = receipts.receipt(event.pk)
    trail.record("audit.receipt.taken", obj=event, by=by)
    return text
