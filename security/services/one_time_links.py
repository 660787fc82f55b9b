"""One-time links: issued, found by their token, used once, revoked; a token is kept nowhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.decision import actor_refusal
from security.access.gate import Refused
from security.models import OneTimeLink, User
from security.models.user import HANDLE_LETTERS
from security.sealing import keyring
from security.services import throttle
from security.services.throttle import Counter, Limit

Kind = OneTimeLink.Kind
LASTS = {
    Kind.INVITATION: timedelta(days=7),
    Kind.PASSWORD_RESET: timedelta(hours=1),
    Kind.FACTOR_RESET: timedelta(days=1),
    Kind.SETUP: timedelta(days=1),
}
TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# Typed from a terminal into a page: 20 letters of 5 bits each.
CODE_LETTERS, CODE_GROUP = 20, 5
CODE = re.compile(rf"[{HANDLE_LETTERS}]{{{CODE_LETTERS}}}")
LOOK_ALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})
OPENING = Limit("one-time link", 20, timedelta(seconds=30), timedelta(minutes=15))


class LinkOver(Refused):
    """The link was used, revoked, is too old, or its account may not sign in."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening ended: with a link, with a wait, or with neither."""

    link: OneTimeLink | None = None
    wait: timedelta | None = None


def digest_of(token: str) -> bytes:
    """Return what is stored of a token; who can only write the database can not make one."""
    return keyring.index_digest("one_time_link", token)


def plain_code(typed: str) -> str:
    """Return a code as it was made, whatever spaces, hyphens and capitals were typed."""
    return re.sub(r"[\s\-]", "", typed).lower().translate(LOOK_ALIKES)


def address_of(token: str) -> str:
    """Return the address that opens a link: of the configured host, never of a request's."""
    return f"{settings.BASE_URL}{reverse('security:link')}?t={token}"


@transaction.atomic
def issue(
    *, user: User | None, kind: str, by: User | None, checked: str = "", note: str = ""
) -> str:
    """Make a link, void the earlier one of its kind, and return its token this once."""
    if user is not None:
        User.objects.select_for_update().get(pk=user.pk)
    revoke(user=user, kinds=[kind], by=by)
    token = _new_code() if kind == Kind.SETUP else secrets.token_urlsafe(TOKEN_BYTES)
    row = OneTimeLink(
        user=user,
        kind=kind,
        digest=digest_of(token),
        expires_at=timezone.now() + LASTS[Kind(kind)],
        issued_by=by,
        checked=checked,
    )
    row.save()
    _record("security.link.issued", row, by=by, reason=note)
    return token


def _new_code() -> str:
    return "".join(secrets.choice(HANDLE_LETTERS) for _place in range(CODE_LETTERS))


def shown_code(code: str) -> str:
    """Return a code in groups, as it is printed."""
    places = range(0, len(code), CODE_GROUP)
    return "-".join(code[place : place + CODE_GROUP] for place in places).upper()


@transaction.atomic
def revoke(*, user: User | None, kinds: Collection[str], by: User | None) -> int:
    """Void the links of some kinds that were not used yet; return how many."""
    found = OneTimeLink.objects.unspent().filter(user=user, kind__in=kinds).order_by("pk")
    rows = list(found.select_for_update(of=("self",)))
    for row in rows:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        _record("security.link.revoked", row, by=by)
    return len(rows)


def find(token: str) -> OneTimeLink | None:
    """Return the link that a token opens, or None; looking uses nothing up."""
    if not (TOKEN.fullmatch(token) or CODE.fullmatch(token)):
        return None
    wanted = digest_of(token)
    row = OneTimeLink.objects.open().select_related("user").filter(digest=wanted).first()
    if row is None or not compare_digest(bytes(row.digest), wanted):
        return None
    return row if _is_usable(row) else None


def open_by(*, token: str) -> Opened:
    """Look for the link of a token that somebody brought; what opens nothing is counted and recorded."""
    counter = Counter(OPENING, throttle.source_of(context.current().address))
    wait = throttle.take([counter])
    if wait is not None:
        return Opened(wait=wait)
    row = find(token)
    if row is None:
        _record_refusal(token)
        return Opened()
    throttle.forgive({counter: 1})
    return Opened(row)


@transaction.atomic
def _record_refusal(token: str) -> None:
    known = OneTimeLink.objects.filter(digest=digest_of(token)).first()
    subjects = [known.user_id] if known is not None and known.user_id else []
    trail.record("security.link.refused", outcome="refused", subjects=subjects, obj=known)


def opened(link_id: UUID) -> OneTimeLink | None:
    """Return a link that was opened before, if it may still be used."""
    row = OneTimeLink.objects.open().select_related("user").filter(pk=link_id).first()
    return row if row is not None and _is_usable(row) else None


@transaction.atomic
def use(*, link_id: UUID, kinds: Collection[str]) -> OneTimeLink:
    """Use a link up; of those who try at once one succeeds."""
    found = OneTimeLink.objects.filter(pk=link_id, kind__in=kinds).first()
    if found is None:
        raise LinkOver(_("This link does not work any more."))
    # The account first, as whoever issues a link locks.
    if found.user_id:
        User.objects.select_for_update().get(pk=found.user_id)
    row = OneTimeLink.objects.select_for_update().open().filter(pk=link_id).first()
    if row is None or not _is_usable(row):
        raise LinkOver(_("This link does not work any more."))
    row.used_at = timezone.now()
    row.save(update_fields=["used_at"])
    _record("security.link.used", row, by=row.user)
    return row


def _is_usable(row: OneTimeLink) -> bool:
    if row.user is None:
        return True
    return row.user.kind == User.Kind.STAFF and actor_refusal(row.user) is None


def _record(action: str, row: OneTimeLink, *, by: User | None, reason: str = "") -> None:
    trail.record(
        action,
        by=by,
        subjects=[row.user_id] if row.user_id else [],
        changed=[row],
        obj=row,
        fields=[f"security.link.{row.kind}"],
        reason=reason,
    )
