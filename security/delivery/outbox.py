"""The outbox: a deed writes what shall leave the house; a task sends it after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from security import trail
from security.access.gate import Refused
from security.classification import Scope, SubjectKind
from security.delivery.channels import BY_HAND
from security.models import OutboxMessage, User
from security.sealing import keys


class UnknownChannel(Refused):
    """No channel of this name is configured."""


class UnfitAddress(Refused):
    """The address or the title holds characters that could forge a header."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: by which channel, about what, to which address, saying what."""

    channel: str
    topic: str
    address: str
    title: str
    text: str
    # Why data are used: asked again when it leaves. Empty: nobody's choice is asked.
    purpose: str = ""
    once_key: str | None = None
    origin_id: UUID | None = None
    # Where the reader goes on; channels whose words are fixed carry nothing else.
    link: str = ""


@transaction.atomic
def queue(
    *, message: Message, recipient: UUID, kind: SubjectKind, by: User | None
) -> OutboxMessage:
    """Put one message into the outbox, sealed under its recipient's key.

    With a `once_key` that a message has already, that one is returned and nothing is written.
    """
    row = _made(message, recipient, kind)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # Whoever asks twice for the same gets the same message.
        return OutboxMessage.objects.get(once_key=message.once_key)
    trail.record("security.message.queued", by=by, subjects=[recipient], changed=[row], obj=row)
    return row


@transaction.atomic
def queue_many(
    *, messages: Sequence[tuple[UUID, Message]], kind: SubjectKind, by: User | None
) -> dict[UUID, OutboxMessage]:
    """Put messages to many people into the outbox, one each; told as one event with the state of each row.

    As with `queue`, a key that a message has already writes nothing and returns that message.
    """
    known = [one.once_key for _recipient, one in messages if one.once_key]
    there = {
        row.once_key: row
        for row in OutboxMessage.objects.filter(once_key__in=known)
        if row.once_key
    }
    found = {who: there[one.once_key] for who, one in messages if one.once_key in there}
    fresh = [(who, one) for who, one in messages if one.once_key not in there]
    keys.prepare([who for who, _message in fresh], kind=kind, scope=Scope.RECORD)
    made = {who: _made(one, who, kind) for who, one in fresh}
    try:
        with transaction.atomic():
            OutboxMessage.objects.bulk_create(made.values())
    except IntegrityError:
        # Somebody else queued one of them at this moment: each by itself, so that the others go.
        return found | {
            who: queue(message=one, recipient=who, kind=kind, by=by) for who, one in fresh
        }
    if made:
        trail.record(
            "security.message.queued", by=by, subjects=made, changed=list(made.values()),
            counts={"messages": len(made)},
        )  # fmt: skip
    return found | made


def _made(message: Message, recipient: UUID, kind: SubjectKind) -> OutboxMessage:
    if message.channel not in settings.DELIVERY_CHANNELS:
        raise UnknownChannel(message.channel)
    # The lines of a postal address forge no header.
    is_paper = message.channel in BY_HAND
    address = message.address.replace("\n", "") if is_paper else message.address
    if not (address.isprintable() and message.title.isprintable()):
        raise UnfitAddress("address or title")
    return OutboxMessage(
        subject_id=recipient,
        recipient_kind=kind,
        channel=message.channel,
        topic=message.topic,
        address=message.address,
        title=message.title,
        text=message.text,
        link=message.link,
        purpose=message.purpose,
        once_key=message.once_key,
        origin_id=message.origin_id,
    )
