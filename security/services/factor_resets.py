"""Lost second factors: an administrator checks who asks, the person needs the link and the password."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from security.access.gate import Refused
from security.models import OneTimeLink, User
from security.services import factors, letters, one_time_links, sign_in

Kind = OneTimeLink.Kind
NOTE_SHORTEST = 10


class NotChecked(Refused):
    """It was not said how the person's identity was checked."""


class NothingToReset(Refused):
    """The account was never set up, so that an invitation is what it needs."""


@transaction.atomic
def start(*, user: User, checked: str, note: str, by: User) -> None:
    """Take the factors away of a person whose identity was checked, and send the link to new ones."""
    if checked not in OneTimeLink.Checked.values or len(note.strip()) < NOTE_SHORTEST:
        raise NotChecked(_("Say how you checked who asks, and note what you saw."))
    if by.pk != user.pk and not (factors.is_set_up(user) or factors.needs_link(user)):
        raise NothingToReset(_("This account has no second factor yet: send its invitation again."))
    letters.require_address(user)
    factors.start_anew(user=user, by=by)
    # The password stays what the person knows: no link that was sent before may replace it now.
    before = [Kind.INVITATION, Kind.PASSWORD_RESET]
    one_time_links.revoke(user=user, kinds=before, by=by)
    token = one_time_links.issue(
        user=user, kind=Kind.FACTOR_RESET, by=by, checked=checked, note=note.strip()
    )
    letters.send(user=user, kind=Kind.FACTOR_RESET, token=token, by=by)


def accept(*, link_id: UUID, password: str) -> sign_in.Answer:
    """Take the password of whoever holds a link; only the right one uses the link up."""
    link = one_time_links.opened(link_id)
    if link is None or link.user is None or link.kind != Kind.FACTOR_RESET:
        raise one_time_links.LinkOver(_("This link does not work any more."))
    answer = sign_in.own_password(user=link.user, password=password)
    if answer.user is not None:
        one_time_links.use(link_id=link_id, kinds=[Kind.FACTOR_RESET])
    return answer
