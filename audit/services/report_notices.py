"""The notice that an audit report is there: a link and nothing of what it says."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from audit.models import AuditReport
from security import context
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import User


def ready(*, report: AuditReport, to: User) -> bool:
    """Tell somebody by e-mail that a report waits behind the sign-in; tell whether there was an address."""
    with context.matching():
        address = to.email
    if not address:
        return False
    link = settings.BASE_URL + reverse("audit:report", args=[report.pk])
    with translation.override(to.language or translation.get_language()):
        message = outbox.Message(
            channel="email",
            topic="audit.report",
            address=address,
            title=gettext("An audit report is ready"),
            text="{}\n\n{}".format(gettext("Sign in to read it:"), link),
        )
        outbox.queue(message=message, recipient=to.pk, kind=SubjectKind.USER, by=None)
    return True
