"""The demo's post: the newest message to an invented person, told to whoever runs the demo."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from security import context, trail
from security.models import OutboxMessage, User
from security.services import users


class NoMessage(Exception):
    """Nothing was written to this address."""


@dataclass(frozen=True)
class Letter:
    """What the message says."""

    title: str
    text: str


@transaction.atomic
def newest(*, typed: str) -> Letter:
    """Tell the newest message to an account; telling it is an event, for it may hold a way in."""
    user = users.find_by_sign_in_name(kind=User.Kind.STAFF, typed=typed.strip())
    row = (
        OutboxMessage.objects.filter(subject_id=user.pk).order_by("-created_at", "-pk").first()
        if user is not None
        else None
    )
    if row is None or user is None:
        raise NoMessage(_("Nothing was written to this address."))
    trail.record("crm.demo.mail_told", subjects=[user.pk], obj=row)
    with context.matching():
        return Letter(row.title, row.text)
