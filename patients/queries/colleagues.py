"""The people who work here, as the pages of a patient name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import get_language

from patients.models import StaffLink
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import RoleAssignment, Unit, User
from security.people import called


def clinicians() -> list[tuple[str, str]]:
    """Return the people who may be given patients, by display name."""
    roles = [
        key
        for key, role in ROLES.items()
        if role.grants.get(Permission.CLINICAL_READ) is Reach.TEAM
    ]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=roles)
    working = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    users = User.objects.staff().active().filter(working, Exists(held))
    named = [(str(user.pk), called(user)) for user in users.only("handle", "sealed_card")]
    return sorted(named, key=lambda pair: pair[1])


def unit_name(unit: Unit | None) -> str:
    """Return how a unit is called in the reader's language."""
    if unit is None:
        return ""
    return unit.name_zh if (get_language() or "").startswith("zh") and unit.name_zh else unit.name


def names_of(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how several colleagues are called, with one query."""
    users = User.objects.filter(pk__in=set(user_ids)).only("handle", "sealed_card")
    return {user.pk: called(user) for user in users}


def staff() -> list[tuple[str, str]]:
    """Return everybody who works here, by display name."""
    working = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    users = User.objects.staff().active().filter(working).only("handle", "sealed_card")
    return sorted(((str(user.pk), called(user)) for user in users), key=lambda pair: pair[1])


def linked(patient_id: UUID) -> list[dict[str, Any]]:
    """Return the colleagues who must stay out of a record."""
    rows = StaffLink.objects.in_force().filter(patient_id=patient_id).select_related("user")
    return [
        {"id": row.pk, "who": called(row.user), "kind": row.get_kind_display()}
        for row in rows.order_by("starts_at", "pk")
    ]
