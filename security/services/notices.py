"""What people are told about their own account; never a secret, never anything of a patient."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security import context
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import User

_TASKS = "{}/engagement/tasks/"


def credential_changed(*, user: User, what: str | Promise, by: User | None) -> None:
    """Tell a person by e-mail that a way to sign in changed (ASVS 6.3.7), if there is an address."""
    warning = _("If this was not you, tell the administrator of the clinic at once.")
    title = _("Your account at the clinic was changed")
    _mail(user, "account.credential", title, (what, warning), by)


def alert_waits(*, user: User) -> None:
    """Tell an officer by e-mail that an alert waits, and nothing of what it is about."""
    words = _("Somebody changed what is watched, or looked at the own trail. Sign in to see it:")
    title = _("An alert waits at the clinic")
    _mail(user, "incidents.alert", title, (words, f"{settings.BASE_URL}/audit/alerts/"), None)


def request_due(*, user: User) -> None:
    """Tell an officer by e-mail that requests of people are nearly due, and nothing of what they ask."""
    words = _("Requests of people about their data are nearly due or late. Sign in to see them:")
    title = _("Requests at the clinic are nearly due")
    _mail(user, "rights.due", title, (words, f"{settings.BASE_URL}/consent/requests/"), None)


def task_given(*, user: User, by: User | None) -> None:
    """Tell a colleague by e-mail that a task was given to them, and nothing of what it is."""
    words = _("A colleague gave you a task. Sign in to see it:")
    title = _("A task for you at the clinic")
    _mail(user, "tasks.given", title, (words, _TASKS.format(settings.BASE_URL)), by)


def tasks_due(*, user: User, is_again: bool) -> None:
    """Tell an executor by e-mail that tasks are due today, or still undone; nothing of what they are."""
    words = (
        _("Tasks of today are still undone. Sign in to see them:")
        if is_again
        else _("Tasks are due today. Sign in to see them:")
    )
    title = _("Tasks at the clinic wait for you")
    _mail(user, "tasks.due", title, (words, _TASKS.format(settings.BASE_URL)), None)


def tasks_escalated(*, user: User) -> None:
    """Tell a colleague by e-mail that tasks of the unit were not done; nothing of what they are."""
    words = _("Tasks that your team answers for were not done in time. Sign in to see them:")
    title = _("Tasks of your team are late")
    link = f"{settings.BASE_URL}/engagement/tasks/team/"
    _mail(user, "tasks.escalated", title, (words, link), None)


def complaint_late(*, user: User) -> None:
    """Tell a colleague by e-mail that complaints are late, and nothing of what they are about."""
    words = _(
        "Complaints that you work on, or that nobody works on, are late. Sign in to see them:"
    )
    title = _("Complaints at the clinic are late")
    link = f"{settings.BASE_URL}/engagement/complaints/?show=late"
    _mail(user, "engagement.complaint", title, (words, link), None)


def answer_waits(*, user: User, by: User | None) -> bool:
    """Tell somebody by e-mail that a letter of the clinic waits; tell whether there was an address."""
    words = _("The clinic wrote to you about your request. Sign in, or ask at the reception.")
    return _mail(user, "rights.letter", _("A letter of your clinic waits for you"), (words,), by)


def message_waits(*, user: User, by: User | None) -> bool:
    """Tell somebody by e-mail that a message waits, nothing of it; tell whether there was an address."""
    words = _("A message waits for you at the clinic. Sign in to read it:")
    if user.kind == User.Kind.PATIENT:
        address = f"{settings.BASE_URL}/"
    else:
        address = f"{settings.BASE_URL}/engagement/messages/"
    return _mail(user, "messages.waiting", _("A message waits for you"), (words, address), by)


def messages_late(*, user: User) -> None:
    """Tell somebody who works in an inbox that messages there wait too long, and nothing of them."""
    words = _("Messages in an inbox that you work in wait too long. Sign in to see them:")
    address = f"{settings.BASE_URL}/engagement/messages/?show=us"
    _mail(user, "messages.late", _("Messages wait too long"), (words, address), None)


def _mail(
    user: User, topic: str, title: Promise, lines: Sequence[str | Promise], by: User | None
) -> bool:
    with context.matching():
        address = user.email
    if not address:
        return False
    with translation.override(user.language or translation.get_language()):
        outbox.queue(
            message=outbox.Message(
                channel="email",
                topic=topic,
                address=address,
                title=str(title),
                text="\n\n".join(str(line) for line in lines),
            ),
            recipient=user.pk,
            kind=SubjectKind.USER,
            by=by,
        )
    return True
