"""Absences: times in which somebody, or the whole clinic, gives no appointments."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Absence
from engagement.services import placing
from security import trail
from security.access.gate import Refused
from security.models import User

Kind = Absence.Kind
LONGEST = timedelta(days=400)


class BadTime(Refused):
    """The end lies before the beginning, in the past, or years ahead."""


class NotAbsent(Refused):
    """The absence was taken back, or is over."""


@transaction.atomic
def add(
    *, user: User | None, kind: str, starts_at: datetime, ends_at: datetime, by: User | None
) -> Absence:
    """Close a time of one person, or of everybody; what is booked in it stays and is shown to be moved."""
    if ends_at <= starts_at or ends_at <= timezone.now():
        raise BadTime(_("An absence ends after it begins, and not in the past."))
    if ends_at - starts_at > LONGEST:
        raise BadTime(_("This is too long. Deactivate the person's services instead."))
    if user is not None and not placing.cares(user):
        raise BadTime(_("Only people who care for patients give appointments."))
    row = Absence(
        user=user,
        kind=Kind.CLOSED if user is None else kind,
        starts_at=starts_at,
        ends_at=ends_at,
        set_by=by,
    )
    row.save()
    trail.record(
        "engagement.absence.added",
        subjects=[] if user is None else [user.pk],
        changed=[row],
        obj=row,
        by=by,
    )
    return row


@transaction.atomic
def remove(*, absence_id: UUID, by: User | None) -> Absence:
    """Take an absence back: the time is open again."""
    row: Absence = Absence.objects.select_for_update(of=("self",)).get(pk=absence_id)
    if row.removed_at is not None or row.ends_at <= timezone.now():
        raise NotAbsent(_("This absence was taken back, or is over."))
    row.removed_at = timezone.now()
    row.save(update_fields=["removed_at"])
    trail.record(
        "engagement.absence.removed",
        subjects=[] if row.user_id is None else [row.user_id],
        changed=[row],
        obj=row,
        by=by,
    )
    return row
