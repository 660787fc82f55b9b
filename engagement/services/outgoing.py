"""Sending to patients: the one door, which asks for consent and an address before anything is queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.queries import standing
from engagement.models import MessageLink
from engagement.queries import ways
from engagement.queries.ways import ASKED_AS, NoWay, Way
from engagement.services import links
from security.access.gate import Refused
from security.classification import SubjectKind
from security.delivery import outbox, permits
from security.models import OutboxMessage, User

NO_ADDRESS = _("There is no address for this way of sending.")
REASONS = {
    ways.NOT_WISHED: _("The person does not wish to be written to in this way."),
    "channel": _("This way of sending is not set up."),
    "deceased": _("The person has died."),
    "unreadable": _("The record can not be opened, so nothing is sent."),
}


class NotReachable(Refused):
    """The person may not be reached so: no consent, no address, or no such way."""

    def __init__(self, no_way: NoWay) -> None:
        answer = no_way.answer
        super().__init__(answer.reason if answer else REASONS.get(no_way.why, NO_ADDRESS))
        self.no_way = no_way


@dataclass(frozen=True, slots=True)
class Content:
    """What is said; strangers read mail and text messages on their way, so it names nothing of health."""

    topic: str
    title: str
    text: str
    # Where the reader goes on; some channels carry fixed words and this alone.
    link: str = ""


@transaction.atomic
def send(
    *,
    patient_id: UUID,
    purpose: str,
    channel: str,
    content: Content,
    once_key: str,
    origin_id: UUID | None = None,
    by: User | None,
) -> OutboxMessage:
    """Queue one message to a patient; asked twice with one key, it is queued once."""
    way = ways.find(patient_id, purpose, channel)
    if isinstance(way, NoWay):
        raise NotReachable(way)
    return send_by(
        way=way, purpose=purpose, content=content, once_key=once_key, origin_id=origin_id, by=by
    )


@transaction.atomic
def send_by(
    *,
    way: Way,
    purpose: str,
    content: Content,
    once_key: str,
    origin_id: UUID | None = None,
    by: User | None,
) -> OutboxMessage:
    """Queue one message by a way that was found in this transaction."""
    message = outbox.Message(
        channel=way.channel,
        topic=content.topic,
        address=way.address,
        title=content.title,
        text=content.text,
        purpose=purpose,
        once_key=once_key,
        origin_id=origin_id,
        link=content.link,
    )
    return outbox.queue(message=message, recipient=way.patient_id, kind=SubjectKind.PATIENT, by=by)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One of many messages that leave together: the way, what is said, its key, what it came from."""

    way: Way
    content: Content
    once_key: str
    origin_id: UUID


@transaction.atomic
def send_many(
    *, messages: Sequence[Outgoing], purpose: str, by: User | None
) -> dict[UUID, OutboxMessage]:
    """Queue one message to each of many people by ways that were found in this transaction."""
    written = [
        (
            one.way.patient_id,
            outbox.Message(
                channel=one.way.channel,
                topic=one.content.topic,
                address=one.way.address,
                title=one.content.title,
                text=one.content.text,
                purpose=purpose,
                once_key=one.once_key,
                origin_id=one.origin_id,
                link=one.content.link,
            ),
        )
        for one in messages
    ]
    return outbox.queue_many(messages=written, kind=SubjectKind.PATIENT, by=by)


def channels_in_use() -> frozenset[str]:
    """Return the ways of sending that are set up."""
    return frozenset(settings.DELIVERY_CHANNELS)


def stop_token(way: Way, purpose: str, days: int) -> str:
    """Return the token of a link that ends messages for a purpose by the way they came."""
    return links.issue(
        kind=MessageLink.Kind.OPT_OUT,
        subject_id=way.patient_id,
        expires_at=timezone.now() + timedelta(days=days),
        purpose=purpose,
        channel=way.channel,
        by=None,
    )


def still_allowed(row: OutboxMessage) -> str:
    """Return "consent" where a patient may no longer be written to for what a message is about."""
    if row.recipient_kind != SubjectKind.PATIENT or not row.purpose:
        return ""
    asked = standing.may(row.subject_id, row.purpose, ASKED_AS.get(row.channel, row.channel))
    return "" if asked.allowed else "consent"


def install() -> None:
    """Ask for consent again whenever a message leaves."""
    permits.add("consent", still_allowed)
