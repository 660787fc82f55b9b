"""Forgotten passwords: asked for by a name, answered by a task, so that no name is told from another.

The page writes the same row for every name, and nothing else; whether there is an account is looked
up later. A new password ends every session and leaves the second factor in its place.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from security import context, trail
from security.access.decision import actor_refusal
from security.models import OneTimeLink, ResetRequest, User
from security.sealing import index
from security.services import factors, letters, one_time_links, throttle, users
from security.services.throttle import Counter, Limit

Kind = OneTimeLink.Kind
# A worker that stood still for longer wakes nobody up with a link that was asked for yesterday.
FRESH = timedelta(hours=2)
# By the hash of the name, whether or not it is anybody's.
NAME = Limit("reset name", 4, timedelta(minutes=1), timedelta(minutes=15))
SOURCE = Limit("reset source", 20, timedelta(minutes=1), timedelta(minutes=15))


@transaction.atomic
def ask(*, typed: str) -> timedelta | None:
    """Note that somebody asked for a new password under a name; return the wait if there is one."""
    name_kind = users.kind_of_name(typed)
    name_hash = index.exact_hash(name_kind, typed)
    counters = [
        Counter(SOURCE, throttle.source_of(context.current().address)),
        Counter(NAME, name_hash.hex()),
    ]
    wait = throttle.take(counters)
    if wait is None:
        ResetRequest(name_kind=name_kind, name_hash=name_hash).save()
        trail.record("security.user.password_reset_asked")
    return wait


@transaction.atomic
def answer_next() -> bool:
    """Answer the request that waits for longest; tell whether there was one."""
    row = (
        ResetRequest.objects.select_for_update(skip_locked=True).order_by("asked_at", "pk").first()
    )
    if row is None:
        return False
    user = _account_of(row)
    row.delete()
    is_fresh = timezone.now() - row.asked_at < FRESH
    if user is not None and is_fresh and actor_refusal(user) is None:
        _answer(user)
    return True


def _account_of(row: ResetRequest) -> User | None:
    found: User | None = User.objects.filter(
        index_rows__account_kind=User.Kind.STAFF,
        index_rows__kind=row.name_kind,
        index_rows__exact=bytes(row.name_hash),
    ).first()
    return found


def _answer(user: User) -> None:
    if factors.needs_link(user):
        # Else the mailbox alone would give both: a password, and the factor that it then proves.
        trail.record(
            "security.user.password_reset_refused", outcome="refused", subjects=[user.pk], obj=user
        )
    elif user.has_usable_password() and letters.address_of(user):
        # Whoever never chose a password has an invitation; one that ran out is not revived here.
        token = one_time_links.issue(user=user, kind=Kind.PASSWORD_RESET, by=None)
        letters.send(user=user, kind=Kind.PASSWORD_RESET, token=token, by=None)


@transaction.atomic
def choose(*, link_id: UUID, password: str) -> OneTimeLink:
    """Set the password of whoever holds a link; an invalid password does not use the link up.

    Raises django.core.exceptions.ValidationError with the sentences of what is wrong with it.
    """
    link = one_time_links.use(link_id=link_id, kinds=[Kind.INVITATION, Kind.PASSWORD_RESET])
    user = User.objects.get(pk=link.user_id)
    users.set_password(user=user, password=password, by=user)
    return link
