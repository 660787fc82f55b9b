"""Links in messages: made with the message, found by their token; a token is kept nowhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from engagement.models import MessageLink
from security import context, trail
from security.models import User
from security.sealing import keyring
from security.services import throttle
from security.services.throttle import Counter, Limit

Kind = MessageLink.Kind
# 128 bits: short enough for a text message, and opened against a throttle.
TOKEN_BYTES = 16
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
OPENING = Limit("message link", 30, timedelta(seconds=30), timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening ended: with a link, with a wait, or with neither."""

    link: MessageLink | None = None
    wait: timedelta | None = None


def digest_of(token: str) -> bytes:
    """Return what is stored of a token; who can only write the database can not make one."""
    return keyring.index_digest("message_link", token)


@transaction.atomic
def issue(
    *,
    kind: str,
    subject_id: UUID,
    expires_at: datetime,
    target_id: UUID | None = None,
    purpose: str = "",
    channel: str = "",
    by: User | None,
) -> str:
    """Make a link and return its token this once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = MessageLink(
        kind=kind,
        subject_id=subject_id,
        target_id=target_id,
        purpose=purpose,
        channel=channel,
        digest=digest_of(token),
        expires_at=expires_at,
    )
    row.save()
    trail.record(
        "engagement.link.issued",
        subjects=[subject_id],
        changed=[row],
        obj=row,
        fields=[kind],
        by=by,
    )
    return token


@transaction.atomic
def issue_opt_outs(
    *,
    subject_ids: Sequence[UUID],
    target_id: UUID,
    purpose: str,
    channel: str,
    expires_at: datetime,
    by: User | None,
) -> dict[UUID, str]:
    """Make the way out of one purpose for many people, told as one event; return their tokens this once."""
    tokens = {one: secrets.token_urlsafe(TOKEN_BYTES) for one in subject_ids}
    rows = MessageLink.objects.bulk_create(
        MessageLink(
            kind=Kind.OPT_OUT,
            subject_id=one,
            target_id=target_id,
            purpose=purpose,
            channel=channel,
            digest=digest_of(token),
            expires_at=expires_at,
        )
        for one, token in tokens.items()
    )
    if rows:
        trail.record(
            "engagement.link.issued", subjects=tokens, changed=rows, fields=[Kind.OPT_OUT],
            counts={"links": len(rows)}, by=by,
        )  # fmt: skip
    return tokens


def find(token: str, kind: str) -> MessageLink | None:
    """Return the open link of a kind that a token belongs to, or None; looking uses nothing up."""
    if not TOKEN.fullmatch(token):
        return None
    wanted = digest_of(token)
    row = MessageLink.objects.open().filter(kind=kind, digest=wanted).first()
    return row if row is not None and compare_digest(bytes(row.digest), wanted) else None


def open_by(*, token: str, kind: str) -> Opened:
    """Look for the link of a token that somebody brought; what opens nothing is counted and recorded."""
    counter = Counter(OPENING, throttle.source_of(context.current().address))
    wait = throttle.take([counter])
    if wait is not None:
        return Opened(wait=wait)
    row = find(token, kind)
    if row is None:
        with transaction.atomic():
            trail.record("engagement.link.refused", outcome="refused", fields=[kind])
        return Opened()
    throttle.forgive({counter: 1})
    return Opened(row)


@transaction.atomic
def use(*, link: MessageLink) -> None:
    """Note that a link was used; what it did is an event of its own."""
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    trail.record(
        "engagement.link.used",
        subjects=[link.subject_id],
        changed=[link],
        obj=link,
        fields=[link.kind],
    )
