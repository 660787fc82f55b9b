"""What people do about messages that did not leave: send again, or give up; and what gateways tell later."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import trail
from security.access.gate import Refused
from security.delivery import desk, sending
from security.models import OutboxMessage, User

State = OutboxMessage.State
MOST = 1000
# What sending again can not mend.
HOPELESS = ("seal", "header")


class NothingToDo(Refused):
    """The message left meanwhile, or was stopped."""


@transaction.atomic
def retry(*, message_id: UUID, of_patients: bool, by: User) -> OutboxMessage:
    """Send a message that failed again, with all its attempts before it."""
    row = _held(message_id, of_patients, State.FAILED)
    if row.failure in HOPELESS:
        raise NothingToDo(_("Sending it again changes nothing."))
    _wait_again(row)
    trail.record("security.message.retried", subjects=[row.subject_id], obj=row, by=by)
    return row


@transaction.atomic
def retry_all(*, of_patients: bool, by: User) -> int:
    """Send again what failed, as after an outage; what nobody knows to have left stays for a look at each."""
    rows = desk.rows(of_patients=of_patients).select_for_update(skip_locked=True)
    failed = rows.filter(state=State.FAILED).exclude(
        failure__in=(*HOPELESS, sending.INTERRUPTED, "bounced", "recipient")
    )
    found = list(failed.order_by("created_at", "pk")[:MOST])
    for row in found:
        _wait_again(row)
    trail.record("security.messages.retried", counts={"messages": len(found)}, by=by)
    return len(found)


@transaction.atomic
def stop(*, message_id: UUID, of_patients: bool, by: User) -> OutboxMessage:
    """Give a message up: it is not sent any more."""
    row = _held(message_id, of_patients, State.FAILED, State.WAITING)
    row.state, row.failure = State.SKIPPED, "stopped"
    row.save(update_fields=["state", "failure"])
    trail.record("security.message.stopped", subjects=[row.subject_id], obj=row, by=by)
    return row


@transaction.atomic
def arrived(*, message_id: UUID, has_arrived: bool) -> OutboxMessage | None:
    """Note what a gateway tells of a message that it took: it arrived, or it came back."""
    rows = OutboxMessage.objects.select_for_update().defer("sealed")
    row: OutboxMessage | None = rows.filter(pk=message_id, state=State.SENT).first()
    if row is None or row.delivered_at is not None:
        return None
    if has_arrived:
        row.delivered_at = timezone.now()
    else:
        row.state, row.failure = State.FAILED, "bounced"
    row.save(update_fields=["state", "failure", "delivered_at"])
    if has_arrived:
        trail.record("security.message.delivered", subjects=[row.subject_id], obj=row)
    else:
        sending.tell_end(row)
    return row


def _held(message_id: UUID, of_patients: bool, *states: str) -> OutboxMessage:
    rows = desk.rows(of_patients=of_patients).select_for_update()
    row: OutboxMessage | None = rows.filter(pk=message_id, state__in=states).first()
    if row is None:
        raise NothingToDo(_("This message left meanwhile, or was stopped."))
    return row


def _wait_again(row: OutboxMessage) -> None:
    row.state, row.attempts, row.next_at = State.WAITING, 0, timezone.now()
    row.save(update_fields=["state", "attempts", "next_at"])
