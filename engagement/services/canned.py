"""Keeping ready answers: of all inboxes by who keeps in touch with everybody, of one by its members."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from engagement.models import CannedReply
from engagement.queries import threads
from security import trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User

FIELDS = ("title", "title_zh", "text", "text_zh")


class NotYourInbox(Refused):
    """Ready answers of an inbox are kept by who works there; those of all by who keeps in touch for all."""


class TitleTaken(Refused):
    """Another ready answer of this inbox has the title."""


def may_keep(user: User, unit_id: UUID | None) -> bool:
    """Tell whether somebody keeps the ready answers of an inbox, or those of all."""
    if unit_id is None or reach_of_user(user, Permission.MESSAGES_WRITE) is Reach.ALL:
        return reach_of_user(user, Permission.MESSAGES_WRITE) is Reach.ALL
    return unit_id in threads.inboxes_of(user)


@transaction.atomic
def add(*, unit_id: UUID | None, words: Mapping[str, str], by: User) -> CannedReply:
    """Add a ready answer."""
    _refuse_unless_keeper(by, unit_id)
    row = CannedReply(unit_id=unit_id, **{name: words[name] for name in FIELDS})
    _save(row)
    trail.record("engagement.canned_reply.added", changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def change(*, canned_id: UUID, words: Mapping[str, str], by: User) -> CannedReply:
    """Change the words of a ready answer; what was sent with the old ones stays as it was sent."""
    row = _locked(canned_id, by)
    for name in FIELDS:
        setattr(row, name, words[name])
    _save(row)
    trail.record("engagement.canned_reply.changed", changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def retire(*, canned_id: UUID, by: User) -> CannedReply:
    """Offer a ready answer no more."""
    row = _locked(canned_id, by)
    row.is_active = False
    row.save()
    trail.record("engagement.canned_reply.retired", changed=[row], obj=row, by=by)
    return row


def _locked(canned_id: UUID, by: User) -> CannedReply:
    row = CannedReply.objects.select_for_update(of=("self",)).get(pk=canned_id, is_active=True)
    _refuse_unless_keeper(by, row.unit_id)
    return row


def _refuse_unless_keeper(by: User, unit_id: UUID | None) -> None:
    if not may_keep(by, unit_id):
        raise NotYourInbox(_("Ready answers of an inbox are kept by those who work there."))


def _save(row: CannedReply) -> None:
    # Of two that get one title at the same moment the database takes one.
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise TitleTaken(_("Another ready answer has this title.")) from None
