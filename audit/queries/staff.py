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
from security.models.user import UserQuerySet
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


def who_hold(permission: Permission) -> UserQuerySet:
    """Return the colleagues who work here and whose role includes a permission."""
    none = Reach.NONE
    keys = [key for key, role in ROLES.items() if role.grants.get(permission, none) is not none]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=keys)
    return _working().filter(Exists(held))


def who_may(permission: Permission) -> list[tuple[str, str]]:
    """Return the colleagues whose role includes a permission, by name."""
    return _named(who_hold(permission))


def everybody() -> list[tuple[str, str]]:
    """Return everybody who works here, by name."""
    return _named(_working())


def _working() -> UserQuerySet:
    working = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    found: UserQuerySet = User.objects.staff().active().filter(working)
    return found


def _named(users: UserQuerySet) -> list[tuple[str, str]]:
    rows = users.only("handle", "sealed_card")
    return sorted(((str(user.pk), name_of(user)) for user in rows), key=lambda pair: pair[1])
