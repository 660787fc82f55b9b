"""What people are told by e-mail about reviews: that there is something to look at, never what or of whom."""

from __future__ import annotations

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security import context
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import User

OVERDUE = _("An access review is overdue")
LOOK = _("A review at the clinic was not finished within one working day. Sign in to see it.")
OPENED = _("A message from your clinic")
READ = _(
    "Your record was opened outside your usual care, and this was reviewed. Who opened it and when stands "
    "in your account, under “Who saw my record”; or ask the clinic."
)


def review_overdue(*, to: User) -> bool:
    """Tell an officer that a review is late; tell whether there was an address."""
    return _queue(to, "audit.review", OVERDUE, LOOK, by=None)


def record_opened(*, to: User, by: User | None) -> bool:
    """Tell a patient that the record was opened in an emergency; tell whether there was an address."""
    return _queue(to, "audit.record_opened", OPENED, READ, by=by)


def _queue(to: User, topic: str, title: Promise, text: Promise, *, by: User | None) -> bool:
    with context.matching():
        address = to.email
    if not address or not to.is_active:
        return False
    with translation.override(to.language or translation.get_language()):
        message = outbox.Message("email", topic, address, str(title), str(text))
        outbox.queue(message=message, recipient=to.pk, kind=SubjectKind.USER, by=by)
    return True
