"""Sending: claims one due message at a time, skips what another worker holds, retries with delay.

A claim is committed before anything leaves, so that a worker that dies in between is noticed: what may
be repeated is sent again under the same key, of the rest a person decides.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from security import context, trail
from security.classification import SubjectKind
from security.delivery import channels, permits
from security.delivery.channels import BY_HAND, Letter, NotDelivered
from security.models import OutboxMessage
from security.sealing.errors import SealBroken

log = logging.getLogger(__name__)

State = OutboxMessage.State
ATTEMPTS_LIMIT = 8
FIRST_RETRY = timedelta(minutes=1)
# Longer than any handing over may take.
CLAIM = timedelta(minutes=3)
INTERRUPTED = "interrupted"


def send_next(*, passing_over: Collection[str] = ()) -> OutboxMessage | None:
    """Send the message that is due for longest, and return it as it stands then; None: nothing is due."""
    claimed = _claim(passing_over)
    return None if claimed is None else _send(claimed.pk, claimed.attempts) or claimed


@transaction.atomic
def _claim(passing_over: Collection[str]) -> OutboxMessage | None:
    row: OutboxMessage | None = (
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(state=State.WAITING, next_at__lte=timezone.now())
        .exclude(channel__in=[*BY_HAND, *passing_over])
        .order_by("next_at", "pk")
        .first()
    )
    if row is not None:
        row.state, row.attempts = State.SENDING, row.attempts + 1
        row.next_at = timezone.now() + CLAIM
        row.save(update_fields=["state", "attempts", "next_at"])
    return row


@transaction.atomic
def _send(row_id: UUID, attempt: int) -> OutboxMessage | None:
    rows = OutboxMessage.objects.select_for_update(skip_locked=True)
    row: OutboxMessage | None = rows.filter(
        pk=row_id, state=State.SENDING, attempts=attempt
    ).first()
    if row is None:
        # The claim lay too long, and somebody else took it up.
        return None
    refusal = permits.refusal(row)
    failure, is_final = ("", False) if refusal else _hand_over(row)
    if refusal:
        row.state, row.failure = State.SKIPPED, refusal
    elif not failure:
        row.state, row.sent_at, row.failure = State.SENT, timezone.now(), ""
    elif is_final or row.attempts >= ATTEMPTS_LIMIT:
        row.state, row.failure = State.FAILED, failure
    else:
        row.state, row.failure = State.WAITING, failure
        row.next_at = timezone.now() + FIRST_RETRY * 2 ** (row.attempts - 1)
    row.save(update_fields=["state", "attempts", "next_at", "sent_at", "failure"])
    tell_end(row)
    return row


@transaction.atomic
def recover() -> int:
    """Take up what a worker held when it died; the lock tells a dead one from a slow one."""
    rows = OutboxMessage.objects.select_for_update(skip_locked=True).filter(
        state=State.SENDING, next_at__lte=timezone.now()
    )
    found = list(rows.exclude(channel__in=BY_HAND).order_by("next_at", "pk")[:100])
    for row in found:
        if _may_repeat(row):
            row.state, row.next_at = State.WAITING, timezone.now()
        else:
            # Nobody knows whether it left: twice is worse than a look at the list.
            row.state = State.FAILED
        row.failure = INTERRUPTED
        row.save(update_fields=["state", "next_at", "failure"])
        tell_end(row)
    return len(found)


def _may_repeat(row: OutboxMessage) -> bool:
    try:
        is_repeatable = channels.named(row.channel).is_repeatable
    except NotDelivered:
        return False
    # Whoever waits for a way into the own account rather gets it twice.
    return is_repeatable or row.recipient_kind == SubjectKind.USER


# What no second attempt can mend.
FINAL = frozenset({"seal", "header", "address", "channel"})


def _hand_over(row: OutboxMessage) -> tuple[str, bool]:
    """Hand one message over; return one word why it was not, and whether that is final."""
    try:
        with context.matching():
            letter = Letter(
                address=row.address, title=row.title, text=row.text, link=row.link or "",
                key=str(row.pk),
            )  # fmt: skip
        channels.named(row.channel).send(letter)
    except SealBroken:
        return "seal", True
    except ValidationError:
        return "address", True
    except NotDelivered as error:
        return error.why, error.is_final or error.why in FINAL
    except OSError as error:
        # smtplib's errors are OSErrors; their texts name addresses, so only the kind is kept.
        log.warning("message %s not delivered: %s", row.pk, type(error).__name__)
        return _word(error), False
    except Exception as error:
        # Of a backend that was plugged in: one message must not stop all behind it.
        log.exception("message %s not delivered", row.pk)
        return type(error).__name__[:60], False
    return "", False


def _word(error: OSError) -> str:
    if isinstance(error.__context__, TimeoutError):
        # smtplib tells a server that says nothing as one that left.
        return "timeout"
    if isinstance(error, SMTPException):
        return type(error).__name__
    return {"SSLCertVerificationError": "certificate", "TimeoutError": "timeout", "TooLong": "timeout"}.get(
        type(error).__name__, type(error).__name__
    )  # fmt: skip


def tell_end(row: OutboxMessage) -> None:
    """Record how a message ended; one that waits again is no event."""
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
