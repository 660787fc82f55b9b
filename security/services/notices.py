"""What people are told about their own account; never a secret, never anything of a patient."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from security import context
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import User


def credential_changed(*, user: User, what: str | Promise, by: User | None) -> None:
    """Tell a person by e-mail that a way to sign in changed (ASVS 6.3.7), if there is an address."""
    with context.matching():
        address = user.email
    if not address:
        return
    with translation.override(user.language or translation.get_language()):
        outbox.queue(
            message=outbox.Message(
                channel="email",
                topic="account.credential",
                address=address,
                title=_("Your account at the clinic was changed"),
                text="{}\n\n{}".format(
                    what,
                    _("If this was not you, tell the administrator of the clinic at once."),
                ),
            ),
            recipient=user.pk,
            kind=SubjectKind.USER,
            by=by,
        )


def alert_waits(*, user: User) -> None:
    """Tell an officer by e-mail that an alert waits, and nothing of what it is about."""
    with context.matching():
        address = user.email
    if not address:
        return
    with translation.override(user.language or translation.get_language()):
        outbox.queue(
            message=outbox.Message(
                channel="email",
                topic="incidents.alert",
                address=address,
                title=_("An alert waits at the clinic"),
                text="{}\n\n{}".format(
                    _(
                        "Somebody changed what is watched, or looked at the own trail. Sign in to see it:"
                    ),
                    f"{settings.BASE_URL}/audit/alerts/",
                ),
            ),
            recipient=user.pk,
            kind=SubjectKind.USER,
            by=None,
        )
