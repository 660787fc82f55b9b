"""Sending signed heads to the anchors, one transaction each; a change to failing and back is an event."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit.ledger import anchors, heartbeats
from audit.models import Anchor, Checkpoint
from security import trail


def send_due() -> int:
    """Send the newest head to each anchor that is due; return how many of them it reached."""
    head = Checkpoint.objects.order_by("-number").first()
    if head is None:
        return 0
    wanted = [name for name in anchors.configured() if name in anchors.PLACES]
    return sum(send(name=name, head=head) for name in wanted)


@transaction.atomic
def send(*, name: str, head: Checkpoint) -> bool:
    """Send a head to one anchor, unless it has it, is not due, or another worker is sending."""
    place, now = anchors.PLACES[name], timezone.now()
    Anchor.objects.get_or_create(name=name)
    row = Anchor.objects.select_for_update(skip_locked=True).filter(name=name).first()
    # Another number, not a greater one: a row that claims heads that never were would silence the place.
    if row is None or row.checkpoint == head.number:
        return False
    if not anchors.is_due(place, row.succeeded_at, now):
        return False
    failure = _try(place, head)
    heartbeats.anchored(name, head.number, failure)
    if failure and not row.failures:
        trail.record("audit.anchor.failed", outcome="failed", fields=[name])
    elif row.failures and not failure:
        trail.record("audit.anchor.recovered", fields=[name], counts={"failures": row.failures})
    return not failure


def _try(place: anchors.Place, head: Checkpoint) -> str:
    try:
        with transaction.atomic():
            place.send(head)
    except anchors.NotAnchored as error:
        return str(error)
    return ""
