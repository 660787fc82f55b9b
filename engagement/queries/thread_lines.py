"""Messages as lines of the timeline of a patient, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from engagement import timeline
from engagement.models import Thread, ThreadMessage
from engagement.queries import threads
from engagement.queries.inbox import TONES
from engagement.timeline import Line, Source
from patients.queries.colleagues import names_of
from security import context
from security.access.permissions import Permission
from security.models import User
from security.sealing import SealBroken

KINDS = (ThreadMessage.Kind.PATIENT, ThreadMessage.Kind.TEAM)


def read(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    """Return the messages of conversations that the reader may see, the newest first."""
    reader = context.current().actor
    if not isinstance(reader, User):
        return []
    rows = ThreadMessage.objects.filter(
        patient_id=patient_id, kind__in=KINDS, written_at__lt=before,
        thread__in=threads.visible(reader).values("pk"),
    )  # fmt: skip
    found = list(rows.select_related("thread").order_by("-written_at", "-pk")[:most])
    names = names_of(one.author_id for one in found if one.author_id)
    return [_line(one, names.get(one.author_id, "") if one.author_id else "") for one in found]


def _line(row: ThreadMessage, who: str) -> Line:
    try:
        subject = row.thread.subject or ""
    except SealBroken:
        subject = ""
    return Line(
        at=row.written_at,
        row_id=row.pk,
        title=str(row.get_kind_display()),
        text=subject,
        who=who,
        url=reverse("engagement:thread", args=[row.patient_id, row.thread_id]),
        tone=TONES[Thread.State(row.thread.state)],
    )


def install() -> None:
    """Add messages to the timeline; called once at start-up."""
    timeline.add(Source("messages", _("Messages"), "message", Permission.MESSAGES_READ, read))
