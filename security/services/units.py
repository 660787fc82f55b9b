"""Units and who belongs to them; other apps follow memberships inside the deed that changes them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.gate import Refused
from security.models import Membership, Unit, User


class Follower(Protocol):
    """What an app registers to follow memberships, in the deed's own transaction."""

    def __call__(self, *, membership: Membership, by: User | None) -> None:
        """Do what follows from a membership that began or ended."""


followers: list[Follower] = []


class NotStaff(Refused):
    """Only staff belong to units."""


class AlreadyMember(Refused):
    """The person belongs to the unit already."""


class EndsBefore(Refused):
    """A membership ends after it begins."""


class NameTaken(Refused):
    """Another unit has the name."""


class Closed(Refused):
    """The unit is closed."""


@transaction.atomic
def create(
    *, name: str, kind: str, name_zh: str = "", parent: Unit | None = None, by: User | None
) -> Unit:
    """Make a unit."""
    unit = Unit(name=name, name_zh=name_zh, kind=kind, parent=parent)
    _save(unit)
    trail.record("security.unit.created", by=by, changed=[unit], obj=unit)
    return unit


def _save(unit: Unit) -> None:
    # Of two that get one name at the same moment the database takes one.
    try:
        with transaction.atomic():
            unit.save()
    except IntegrityError as error:
        if not Unit.objects.filter(name=unit.name).exclude(pk=unit.pk).exists():
            raise
        raise NameTaken(_("There is a unit with this name.")) from error


@transaction.atomic
def rename(*, unit: Unit, name: str, name_zh: str, by: User | None) -> Unit:
    """Change how a unit is called."""
    row = Unit.objects.select_for_update().get(pk=unit.pk)
    row.name, row.name_zh = name, name_zh
    _save(row)
    trail.record("security.unit.renamed", by=by, changed=[row], obj=row)
    return row


@transaction.atomic
def close(*, unit: Unit, by: User | None) -> Unit:
    """Close a unit and end all memberships in it."""
    row = Unit.objects.select_for_update().get(pk=unit.pk)
    for membership in Membership.objects.in_force().filter(unit=row):
        leave(membership=membership, by=by)
    row.is_active = False
    row.save()
    trail.record("security.unit.closed", by=by, changed=[row], obj=row)
    return row


@transaction.atomic
def join(*, user: User, unit: Unit, ends_at: datetime | None = None, by: User | None) -> Membership:
    """Let a member of staff belong to a unit from now on."""
    if user.kind != User.Kind.STAFF:
        raise NotStaff(_("Only staff belong to units."))
    here = Unit.objects.select_for_update().get(pk=unit.pk)
    if not here.is_active:
        raise Closed(_("This unit is closed."))
    if Membership.objects.in_force().filter(user=user, unit=here).exists():
        raise AlreadyMember(_("This person belongs to the unit already."))
    if ends_at is not None and ends_at <= timezone.now():
        raise EndsBefore(_("The end lies in the past."))
    row = Membership(user=user, unit=here, ends_at=ends_at, granted_by=by)
    row.save()
    trail.record("security.membership.began", by=by, subjects=[user.pk], changed=[row], obj=row)
    _tell_followers(row, by)
    return row


@transaction.atomic
def leave(*, membership: Membership, by: User | None) -> Membership:
    """End a membership now, and with it what it reached."""
    # The unit first, as whoever joins it or assigns to it does.
    Unit.objects.select_for_update().get(pk=membership.unit_id)
    row: Membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=membership.pk)
    )
    now = timezone.now()
    if row.ends_at is None or row.ends_at > now:
        row.starts_at = min(row.starts_at, now)
        row.ends_at, row.ended_by = now, by
        row.save()
        trail.record(
            "security.membership.ended", by=by, subjects=[row.user_id], changed=[row], obj=row
        )
        _tell_followers(row, by)
    return row


def _tell_followers(membership: Membership, by: User | None) -> None:
    for follower in followers:
        follower(membership=membership, by=by)
    context.current().forget_decisions()
