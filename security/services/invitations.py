"""Invitations: an account for a colleague, who alone gets the link, the password and the factor."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from security.access.gate import Refused
from security.models import OneTimeLink, User
from security.services import factors, letters, one_time_links, users

Kind = OneTimeLink.Kind


class SetUpAlready(Refused):
    """The person has set the account up; a forgotten password has its own page."""


@transaction.atomic
def invite(*, display_name: str, email: str, phone: str = "", language: str, by: User) -> User:
    """Make an account without a password and send its person the way in."""
    user = users.create(
        kind=User.Kind.STAFF,
        display_name=display_name,
        email=email,
        phone=phone,
        language=language,
        by=by,
    )
    _send(user, by=by)
    return user


@transaction.atomic
def send_again(*, user: User, by: User) -> None:
    """Send a new invitation to somebody who has not finished; the earlier link is void."""
    if by.pk == user.pk or factors.is_set_up(user):
        raise SetUpAlready(
            _("This account is in use. Its person chooses a new password by “Forgot your password?”.")
        )  # fmt: skip
    _send(user, by=by)


def _send(user: User, *, by: User) -> None:
    letters.require_address(user)
    token = one_time_links.issue(user=user, kind=Kind.INVITATION, by=by)
    letters.send(user=user, kind=Kind.INVITATION, token=token, by=by)
