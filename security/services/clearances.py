"""Clearances: which named people may read specially protected records of their own patients."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import Clearance, User


class NeedsRole(Refused):
    """A clearance is for people whose role reads specially protected records."""


class OwnClearance(Refused):
    """Nobody gives or ends the own clearance."""


@transaction.atomic
def grant(*, user: User, reason: str, by: User | None) -> Clearance:
    """Clear a person for specially protected records, for a reason."""
    _refuse_own(user, by)
    if reach_of_user(user, Permission.RESTRICTED_READ) is Reach.NONE:
        raise NeedsRole(_("The roles of this person do not read specially protected records."))
    given = Clearance(user=user, reason=reason, granted_by=by)
    given.save()
    trail.record(
        "security.clearance.granted", by=by, subjects=[user.pk], changed=[given], obj=given
    )
    context.current().forget_decisions()
    return given


@transaction.atomic
def end(*, clearance: Clearance, by: User | None) -> Clearance:
    """End a clearance now."""
    row: Clearance = (
        Clearance.objects.select_for_update(of=("self",))
        .select_related("user")
        .get(pk=clearance.pk)
    )
    _refuse_own(row.user, by)
    now = timezone.now()
    if row.ends_at is None or row.ends_at > now:
        row.starts_at = min(row.starts_at, now)
        row.ends_at, row.ended_by = now, by
        row.save()
        trail.record(
            "security.clearance.ended", by=by, subjects=[row.user_id], changed=[row], obj=row
        )
        context.current().forget_decisions()
    return row


def _refuse_own(user: User, by: User | None) -> None:
    if by is not None and by.pk == user.pk:
        raise OwnClearance(_("You cannot change your own clearance."))
