"""Letters that carry a one-time link; nothing of a patient, and to the stored address alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from security import context
from security.access.gate import Refused
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import OneTimeLink, User
from security.services import one_time_links

Kind = OneTimeLink.Kind
HOUR, DAY = 3600, 24 * 3600


class NoAddress(Refused):
    """The account has no e-mail address, and nobody else may see its links."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a letter of one kind says."""

    title: Promise
    text: Promise
    otherwise: Promise


WORDINGS = {
    Kind.INVITATION: Wording(
        _("Your account at the clinic"),
        _("An account was made for you. Open this link, choose a password and set up your second factor:"),
        _("If you do not know why you got this message, delete it and tell the clinic."),
    ),
    Kind.PASSWORD_RESET: Wording(
        _("A new password for your account at the clinic"),
        _("Somebody asked for a new password for your account. If it was you, open this link:"),
        _("If it was not you, delete this message; your password stays as it is."),
    ),
    Kind.FACTOR_RESET: Wording(
        _("A new second factor for your account at the clinic"),
        _("Your lost second factor was removed. With this link and your password you set up a new one:"),
        _("If you did not ask for this, tell the administrator of the clinic at once."),
    ),
}  # fmt: skip


def address_of(user: User) -> str:
    """Return the stored e-mail address of an account, "" without one."""
    with context.matching():
        return user.email or ""


def require_address(user: User) -> None:
    """Refuse an account whose links nobody could get but by another person's hands."""
    if not address_of(user):
        raise NoAddress(
            _("This account has no e-mail address, so no link can be sent that only its person sees.")
        )  # fmt: skip


def send(*, user: User, kind: str, token: str, by: User | None) -> None:
    """Put the letter with a link into the outbox, in the language of its reader."""
    wording = WORDINGS[Kind(kind)]
    with translation.override(user.language or translation.get_language()):
        lines = [
            str(wording.text),
            one_time_links.address_of(token),
            f"{_lasts(kind)} {wording.otherwise}",
        ]
        message = outbox.Message(
            channel="email",
            topic=f"account.{kind}",
            address=address_of(user),
            title=str(wording.title),
            text="\n\n".join(lines),
        )
    outbox.queue(message=message, recipient=user.pk, kind=SubjectKind.USER, by=by)


def _lasts(kind: str) -> str:
    seconds = int(one_time_links.LASTS[Kind(kind)].total_seconds())
    if seconds >= DAY:
        number = seconds // DAY
        words = ngettext(
            "It works once, within %(days)d day.", "It works once, within %(days)d days.", number
        )
        return words % {"days": number}
    return gettext("It works once, within an hour.")
