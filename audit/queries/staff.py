"""The people who work here, as the pages of the audit app name them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import RoleAssignment, User
from security.sealing import SealBroken


def name_of(user: User) -> str:
    """Return how a colleague is called; by the public handle where the name can not be opened."""
    try:
        return user.display_name or user.handle
    except SealBroken:
        return user.handle


def names_of(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how several colleagues are called, with one query."""
    users = User.objects.filter(pk__in=set(user_ids)).only("handle", "sealed_card")
    return {user.pk: name_of(user) for user in users}


def who_may(permission: Permission) -> list[tuple[str, str]]:
    """Return the colleagues whose role includes a permission, by name."""
    keys = [
        key
        for key, role in ROLES.items()
        if role.grants.get(permission, Reach.NONE) is not Reach.NONE
    ]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=keys)
    return _sorted(Exists(held))


def everybody() -> list[tuple[str, str]]:
    """Return everybody who works here, by name."""
    return _sorted(Q())


def _sorted(condition: Exists | Q) -> list[tuple[str, str]]:
    working = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    users = User.objects.staff().active().filter(working, condition).only("handle", "sealed_card")
    return sorted(((str(user.pk), name_of(user)) for user in users), key=lambda pair: pair[1])
