"""The demo's post: messages to invented people, for whoever runs or looks at the demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from security import context, trail
from security.classification import SubjectKind
from security.delivery import desk
from security.models import OutboxMessage, User
from security.services import users

SHOWN = 50


class NoMessage(Exception):
    """Nothing was written to this address."""


@dataclass(frozen=True)
class Letter:
    """What the message says."""

    title: str
    text: str


def to_patients() -> list[dict[str, Any]]:
    """Return the latest messages to the invented patients, as they would arrive."""
    rows = OutboxMessage.objects.filter(recipient_kind=SubjectKind.PATIENT)
    return [
        desk.described(row)
        | {"title": row.title, "text": row.text, "link": row.link, "to": row.address}
        for row in rows.order_by("-created_at", "-pk")[:SHOWN]
    ]


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
