"""No more messages: what the person allowed is withdrawn, to what rests on no consent the person objects.

Recorded as done by the person: whoever holds the link or the telephone that was written to.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from consent.models import Consent, ConsentEvent, ProcessingPurpose, ProcessingRestriction, State
from consent.queries import register, standing
from consent.services import consents, restrictions
from consent.services.acts import Act, NotTaken
from engagement.queries.ways import ASKED_AS
from security import trail
from security.models import OutboxMessage

REASON = "The person asked for no more messages. 本人要求不再接收消息。"


@transaction.atomic
def stop(*, patient_id: UUID, purpose: str, channel: str, way: str) -> bool:
    """End messages for one purpose by one channel; tell whether none is sent any more."""
    known = next(iter(register.active(key=purpose)), None)
    if known is None:
        return True
    if known.needs_consent:
        _withdraw(patient_id, [purpose], channel)
    else:
        _object(patient_id, purpose)
    trail.record(
        "engagement.messages.stopped", subjects=[patient_id],
        fields=[f"purpose:{purpose}", f"channel:{channel}", f"way:{way}"], by=None,
    )  # fmt: skip
    return not standing.may(patient_id, purpose, ASKED_AS.get(channel, channel)).allowed


@transaction.atomic
def stop_all(*, patient_id: UUID, channel: str, way: str) -> bool:
    """End every message by a channel: what was allowed for it, and what was sent by it."""
    sent = OutboxMessage.objects.filter(subject_id=patient_id, channel=channel).exclude(purpose="")
    allowed = Consent.objects.filter(
        patient_id=patient_id, state=State.GRANTED, channel=ASKED_AS.get(channel, channel)
    )
    keys = {
        *sent.values_list("purpose", flat=True),
        *allowed.values_list("purpose__key", flat=True),
    }
    done = [
        stop(patient_id=patient_id, purpose=key, channel=channel, way=way) for key in sorted(keys)
    ]
    return all(done)


def _withdraw(patient_id: UUID, purposes: Collection[str], channel: str) -> None:
    rows = Consent.objects.filter(
        patient_id=patient_id, purpose__key__in=purposes, state=State.GRANTED,
        channel__in=("", ASKED_AS.get(channel, channel)),
    )  # fmt: skip
    act = Act(method=ConsentEvent.Method.TICK, capacity=ConsentEvent.Capacity.SELF)
    for consent_id in list(rows.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                consents.withdraw(consent_id=consent_id, act=act, by=None)
        except NotTaken:
            # Recorded with its rule; the answer tells that messages go on.
            continue


def _object(patient_id: UUID, key: str) -> None:
    purpose = ProcessingPurpose.objects.active().get(key=key)
    try:
        with transaction.atomic():
            restrictions.restrict(
                patient_id=patient_id, kind=ProcessingRestriction.Kind.OBJECTION, reason=REASON,
                purpose=purpose, by=None,
            )  # fmt: skip
    except (restrictions.AlreadyInForce, restrictions.NotPossible):
        # Said before; or care itself, to which nobody can object: the answer tells it.
        return
