"""The address at which a calendar program reads: made, shown once, revoked; a token is kept nowhere."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

from django.db import transaction
from django.utils import timezone

from engagement.models import CalendarFeed
from security import context, trail
from security.models import User
from security.sealing import keyring
from security.services import throttle
from security.services.throttle import Counter, Limit

TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
READING = Limit("calendar address", 30, timedelta(seconds=30), timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Opened:
    """How reading ended: with somebody's calendar, with a wait, or with neither."""

    user: User | None = None
    wait: timedelta | None = None


def digest_of(token: str) -> bytes:
    """Return what is stored of a token; who can only write the database can not make one."""
    return keyring.index_digest("calendar_feed", token)


@transaction.atomic
def issue(*, user: User) -> str:
    """Make a new address for somebody's own calendar and return its token this once; the old one ends."""
    _revoke(user)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = CalendarFeed.objects.create(user=user, digest=digest_of(token))
    trail.record("engagement.feed.issued", subjects=[user.pk], changed=[row], obj=row, by=user)
    return token


@transaction.atomic
def revoke(*, user: User) -> bool:
    """End the address of somebody's own calendar; tell whether there was one."""
    return _revoke(user)


def _revoke(user: User) -> bool:
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    rows = list(CalendarFeed.objects.filter(user=user, revoked_at__isnull=True))
    for row in rows:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        trail.record("engagement.feed.revoked", subjects=[user.pk], changed=[row], obj=row, by=user)
    return bool(rows)


def open_by(*, token: str) -> Opened:
    """Return whose calendar an address reads; what opens nothing is counted and recorded."""
    counter = Counter(READING, throttle.source_of(context.current().address))
    wait = throttle.take([counter])
    if wait is not None:
        return Opened(wait=wait)
    user = _find(token)
    if user is None:
        with transaction.atomic():
            trail.record("engagement.feed.refused", outcome="refused")
        return Opened()
    throttle.forgive({counter: 1})
    return Opened(user)


def _find(token: str) -> User | None:
    if not TOKEN.fullmatch(token):
        return None
    wanted = digest_of(token)
    rows = CalendarFeed.objects.filter(digest=wanted, revoked_at__isnull=True)
    row = rows.select_related("user").first()
    if row is None or not compare_digest(bytes(row.digest), wanted):
        return None
    user: User = row.user
    is_over = user.ends_on is not None and user.ends_on < timezone.localdate()
    return user if user.is_active and not is_over else None
