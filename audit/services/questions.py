"""A patient does not recognise an access: told to the trail, where the rules take it up."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from audit.queries import who_saw
from security import trail
from security.models import User


class NotOfThisRecord(Exception):
    """The event did not touch this patient's record."""


@transaction.atomic
def ask(*, patient_id: UUID, event_id: UUID, words: str, by: User) -> None:
    """Record that somebody does not recognise an access; what was said is sealed with the event."""
    event = who_saw.is_about(event_id, patient_id)
    if event is None:
        raise NotOfThisRecord(event_id)
    actor = [event.actor_id] if event.actor_id else []
    trail.record(
        "audit.access.questioned",
        subjects=[patient_id, *actor],
        obj=event,
        reason=words.strip(),
        on_behalf_of=patient_id if by.kind == User.Kind.STAFF else None,
        by=by,
    )
