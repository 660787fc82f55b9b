"""Who looks at accesses: the colleagues who may review and work on cases, and how people are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Exists, OuterRef

from security.access.categories import Reach
from security.access.decision import actor_refusal, reach_of_user
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import RoleAssignment, User
from security.people import called

MANAGE = Permission.INCIDENTS_MANAGE


def may_review(user: User) -> bool:
    """Tell whether somebody reviews accesses and may work on a case."""
    if user.kind != User.Kind.STAFF or actor_refusal(user) is not None:
        return False
    reads = reach_of_user(user, Permission.CLINICAL_READ, "HCOMPL")
    return reach_of_user(user, MANAGE) is Reach.ALL and reads is Reach.CASE


def reviewers() -> list[User]:
    """Return everybody who reviews accesses now."""
    roles = [key for key, role in ROLES.items() if role.grants.get(MANAGE) is Reach.ALL]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=roles)
    users = User.objects.staff().active().filter(Exists(held)).order_by("pk")
    return [user for user in users if actor_refusal(user) is None]


def choices(*, without: Collection[UUID] = ()) -> list[tuple[str, str]]:
    """Return the reviewers to choose from, by name."""
    found = [user for user in reviewers() if user.pk not in set(without)]
    return sorted(((str(user.pk), called(user)) for user in found), key=lambda pair: pair[1])


def names_of(user_ids: Collection[UUID | None]) -> Mapping[UUID, str]:
    """Return how accounts are called, with one query; patients' accounts by their handle."""
    wanted = {one for one in user_ids if one is not None}
    users = User.objects.filter(pk__in=wanted).only("handle", "kind", "sealed_card")
    return {
        user.pk: called(user) if user.kind == User.Kind.STAFF else user.handle for user in users
    }


def everybody() -> list[tuple[str, str]]:
    """Return the handle and name of everybody who works or worked here, by name."""
    users = User.objects.staff().only("handle", "kind", "is_active", "sealed_card")
    return sorted(((user.handle, called(user)) for user in users), key=lambda pair: pair[1])
