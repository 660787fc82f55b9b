"""Sending: takes one due message at a time, skips what another worker holds, retries with delay."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from security import context, trail
from security.delivery import channels, permits
from security.delivery.channels import Letter, NotDelivered
from security.models import OutboxMessage
from security.sealing.errors import SealBroken

log = logging.getLogger(__name__)

State = OutboxMessage.State
ATTEMPTS_LIMIT = 8
FIRST_RETRY = timedelta(minutes=1)


@transaction.atomic
def send_next() -> bool:
    """Send the message that is due for longest; tell whether there was one.

    The row stays locked meanwhile: after a worker that died the next one sends it again.
    """
    row: OutboxMessage | None = (
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(state=State.WAITING, next_at__lte=timezone.now())
        .order_by("next_at", "pk")
        .first()
    )
    if row is None:
        return False
    row.attempts += 1
    refusal = permits.refusal(row)
    failure = "" if refusal else _hand_over(row)
    if refusal:
        row.state, row.failure = State.SKIPPED, refusal
    elif not failure:
        row.state, row.sent_at, row.failure = State.SENT, timezone.now(), ""
    elif failure in FINAL or row.attempts >= ATTEMPTS_LIMIT:
        row.state, row.failure = State.FAILED, failure
    else:
        row.next_at = timezone.now() + FIRST_RETRY * 2 ** (row.attempts - 1)
        row.failure = failure
    row.save(update_fields=["state", "attempts", "next_at", "sent_at", "failure"])
    _record(row)
    return True


# What no second attempt can mend.
FINAL = frozenset({"seal", "header", "address", "channel"})


def _hand_over(row: OutboxMessage) -> str:
    try:
        with context.matching():
            letter = Letter(address=row.address, title=row.title, text=row.text)
        channels.named(row.channel).send(letter)
    except SealBroken:
        return "seal"
    except ValidationError:
        return "address"
    except NotDelivered as error:
        return error.why
    except OSError as error:
        # smtplib's errors are OSErrors; their texts name addresses, so only the kind is kept.
        log.warning("message %s not delivered: %s", row.pk, type(error).__name__)
        return type(error).__name__
    return ""


def _record(row: OutboxMessage) -> None:
    if row.state == State.WAITING:
        return
    if row.state == State.SKIPPED:
        trail.record(
            "security.message.skipped", outcome="refused", subjects=[row.subject_id], obj=row,
            fields=[f"rule:{row.failure}"],
        )  # fmt: skip
        return
    is_sent = row.state == State.SENT
    trail.record(
        "security.message.sent" if is_sent else "security.message.failed",
        outcome="success" if is_sent else "failed",
        subjects=[row.subject_id],
        obj=row,
        counts={"attempts": row.attempts},
    )
