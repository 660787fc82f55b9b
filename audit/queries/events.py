"""Events of a person or of an account, newest first, and their sealed details."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from audit import details
from audit.details import Detail
from audit.models import Event
from audit.models.event import EventQuerySet


def about(subject_id: UUID, *, before: datetime | None = None) -> EventQuerySet:
    """Return the events that touched a person's data: who saw my record (GDPR 15, PIPL 45)."""
    return _page(Event.objects.about(subject_id), before)


def by_actor(actor_id: UUID, *, before: datetime | None = None) -> EventQuerySet:
    """Return what one account did."""
    return _page(Event.objects.by_actor(actor_id), before)


def on_object(label: str, object_id: UUID) -> EventQuerySet:
    """Return the events whose object is one row."""
    return Event.objects.filter(object_label=label, object_id=object_id).newest_first()


def detail_of(event: Event) -> Detail:
    """Open an event's address, user agent and reason; raise SealBroken if they are not its own."""
    return details.opened(bytes(event.detail), event_id=event.pk, actor_id=event.actor_id)


def _page(events: EventQuerySet, before: datetime | None) -> EventQuerySet:
    if before is not None:
        events = events.filter(recorded_at__lt=before)
    return events.newest_first()
