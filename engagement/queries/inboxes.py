"""Inboxes, and the colleagues who answer messages."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from patients.queries.colleagues import unit_name
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import Membership, RoleAssignment, Unit, User
from security.models.user import UserQuerySet
from security.people import called

READ, WRITE = Permission.MESSAGES_READ, Permission.MESSAGES_WRITE
ANSWER = tuple(
    key
    for key, role in ROLES.items()
    if key != "patient"
    and role.grants.get(READ) is Reach.SELF
    and role.grants.get(WRITE) is Reach.SELF
)


def answering() -> UserQuerySet:
    """Return the colleagues whose role it is to answer messages and who work here now."""
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=ANSWER)
    working = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    found: UserQuerySet = User.objects.staff().active().filter(working, Exists(held))
    return found


def units() -> list[Unit]:
    """Return the inboxes: units in use with somebody in them who answers messages."""
    members = Membership.objects.in_force().filter(
        unit_id=OuterRef("pk"), user__in=answering().values("pk")
    )
    return list(Unit.objects.filter(Exists(members), is_active=True).order_by("name"))


def choices() -> list[tuple[str, str]]:
    """Return the inboxes to choose from, by name in the reader's language."""
    return sorted(((str(unit.pk), unit_name(unit)) for unit in units()), key=lambda pair: pair[1])


def members(unit_ids: Sequence[UUID]) -> list[User]:
    """Return who works in some inboxes and answers messages."""
    held = Membership.objects.in_force().filter(user_id=OuterRef("pk"), unit_id__in=unit_ids)
    return list(answering().filter(Exists(held)).order_by("pk"))


def colleagues() -> list[tuple[str, str]]:
    """Return everybody who answers messages, by name."""
    users = answering().only("handle", "sealed_card")
    return sorted(((str(user.pk), called(user)) for user in users), key=lambda pair: pair[1])
