"""Who answers requests: the colleagues whose role it is."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from security.access.categories import Reach
from security.access.decision import actor_refusal, reach_of_user
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import RoleAssignment, User
from security.people import called

MANAGE = Permission.RIGHTS_MANAGE


def may_work(user: User) -> bool:
    """Tell whether somebody answers requests."""
    if user.kind != User.Kind.STAFF or actor_refusal(user) is not None:
        return False
    return reach_of_user(user, MANAGE) is Reach.ALL


def everybody() -> list[User]:
    """Return everybody who answers requests now."""
    roles = [key for key, role in ROLES.items() if role.grants.get(MANAGE) is Reach.ALL]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=roles)
    users = User.objects.staff().active().filter(Exists(held)).order_by("pk")
    return [user for user in users if actor_refusal(user) is None]


def choices() -> list[tuple[str, str]]:
    """Return the officers to choose from, by name."""
    return sorted(((str(user.pk), called(user)) for user in everybody()), key=lambda pair: pair[1])


def colleagues() -> list[tuple[str, str]]:
    """Return everybody who works here, by name: they are asked about as well."""
    users = User.objects.staff().only("handle", "kind", "sealed_card")
    return sorted(((str(user.pk), called(user)) for user in users), key=lambda pair: pair[1])
