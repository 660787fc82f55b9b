"""Working pairs: an officer remembers that two work together, which explains what they do until it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Companion
from security import trail
from security.access.gate import Refused
from security.models import User

LONGEST = timedelta(days=366)


class NotThese(Refused):
    """These two are no pair that can be remembered."""


class NotSoLong(Refused):
    """A pair has a reason, and ends within a year."""


@transaction.atomic
def remember(
    *, actor_id: UUID, other_id: UUID, kind: str, until: datetime, reason: str, by: User
) -> Companion:
    """Remember that a colleague and a patient, or two colleagues, work together until a day."""
    if actor_id == other_id or kind not in Companion.Kind.values:
        raise NotThese(_("Two different people make a pair."))
    if by.pk in (actor_id, other_id):
        raise NotThese(_("Nobody decides about a pair of which he is one."))
    now = timezone.now()
    if not now < until <= now + LONGEST or not reason.strip():
        raise NotSoLong(_("Give a reason, and an end within a year."))
    row = Companion(
        actor_id=actor_id, other_id=other_id, kind=kind, starts_at=now, ends_at=until, made_by=by,
        reason=reason.strip(),
    )  # fmt: skip
    row.save()
    trail.record(
        "audit.companion.remembered", by=by, subjects=[actor_id, other_id], changed=[row], obj=row
    )
    return row


@transaction.atomic
def end(*, companion_id: UUID, by: User) -> Companion:
    """End a pair before its day."""
    row: Companion = Companion.objects.select_for_update(of=("self",)).get(pk=companion_id)
    if by.pk in (row.actor_id, row.other_id):
        raise NotThese(_("Nobody decides about a pair of which he is one."))
    now = timezone.now()
    if row.ends_at > now:
        row.ends_at, row.ended_by = max(now, row.starts_at), by
        row.advance()
        row.save()
        subjects = [row.actor_id, row.other_id]
        trail.record("audit.companion.ended", by=by, subjects=subjects, changed=[row], obj=row)
    return row
