"""Who may be given a task: the people and teams of a patient, the desk, those who keep in touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from engagement.models import Area
from engagement.queries import areas
from patients.models import CareRelationship, TeamAssignment
from patients.queries.colleagues import unit_name
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import Membership, RoleAssignment, Unit, User
from security.people import called

PERSON, UNIT = "person", "unit"
Source = CareRelationship.Source


@dataclass(frozen=True, slots=True)
class Executor:
    """Who is given a task: a person, a unit, or nobody yet."""

    user_id: UUID | None = None
    unit_id: UUID | None = None

    @property
    def text(self) -> str:
        """Return the executor as a form names it."""
        if self.user_id:
            return f"{PERSON}.{self.user_id}"
        return f"{UNIT}.{self.unit_id}" if self.unit_id else ""

    @classmethod
    def read(cls, text: str) -> Executor:
        """Return the executor that a choice of a form names."""
        kind, _dot, raw = text.partition(".")
        if not raw:
            return cls()
        return cls(user_id=UUID(raw)) if kind == PERSON else cls(unit_id=UUID(raw))


def holders(permission: Permission, *reaches: Reach) -> list[User]:
    """Return everybody at work whose role carries a permission so far."""
    roles = [key for key, role in ROLES.items() if role.grants.get(permission) in reaches]
    held = RoleAssignment.objects.in_force().filter(user_id=OuterRef("pk"), role__in=roles)
    return list(_working(Exists(held)))


def _working(which: Q | Exists) -> QuerySet[User]:
    here = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    users = User.objects.staff().active().filter(here).filter(which).order_by("pk")
    found: QuerySet[User] = users.only(
        "handle", "kind", "is_active", "ends_on", "language", "sealed_card", "sealed"
    )
    return found


def carers(patient_id: UUID) -> list[User]:
    """Return everybody at work who cares for a patient now."""
    rows = CareRelationship.objects.in_force().filter(patient_id=patient_id)
    cared = rows.exclude(source=Source.CASE).filter(user_id=OuterRef("pk"))
    return list(_working(Exists(cared)))


def choices(area: str, patient_id: UUID, reader: User) -> list[tuple[str, str]]:
    """Return who may be given a task of an area for a patient, the reader first."""
    if area == Area.CARE:
        people, units = carers(patient_id), teams(patient_id)
    else:
        people, units = holders(areas.WRITES[area], Reach.ALL), []
    others = [user for user in people if user.pk != reader.pk]
    found = [(Executor(user_id=one.pk).text, called(one)) for one in others]
    named = sorted(found, key=lambda pair: pair[1])
    if area in areas.of(reader):
        named.insert(0, (Executor(user_id=reader.pk).text, called(reader)))
    return named + [(Executor(unit_id=one.pk).text, unit_name(one)) for one in units]


def teams(patient_id: UUID) -> list[Unit]:
    """Return the care teams that a patient is with now."""
    rows = TeamAssignment.objects.in_force().filter(patient_id=patient_id, unit__is_active=True)
    return [row.unit for row in rows.select_related("unit").order_by("starts_at", "pk")]


def teams_of(patient_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return the care teams that each of these patients is with now."""
    found: dict[UUID, list[UUID]] = {}
    rows = TeamAssignment.objects.in_force().filter(patient_id__in=list(patient_ids))
    for patient_id, unit_id in rows.values_list("patient_id", "unit_id"):
        found.setdefault(patient_id, []).append(unit_id)
    return found


def responsible(patient_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return who is responsible for each of these patients, the first where there are several."""
    rows = CareRelationship.objects.in_force().filter(
        patient_id__in=list(patient_ids), source=Source.RESPONSIBLE, user__is_active=True
    )
    found: dict[UUID, UUID] = {}
    for patient_id, user_id in rows.order_by("starts_at", "pk").values_list(
        "patient_id", "user_id"
    ):
        found.setdefault(patient_id, user_id)
    return found


def units_of(user: User) -> list[Unit]:
    """Return the units that somebody belongs to now."""
    rows = Membership.objects.in_force().filter(user=user, unit__is_active=True)
    return [row.unit for row in rows.select_related("unit").order_by("unit__name", "pk")]


def members(unit_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return who belongs to each of these units now."""
    found: dict[UUID, list[UUID]] = {}
    rows = Membership.objects.in_force().filter(
        unit_id__in=list(unit_ids), user__is_active=True, user__kind=User.Kind.STAFF
    )
    for unit_id, user_id in rows.values_list("unit_id", "user_id"):
        found.setdefault(unit_id, []).append(user_id)
    return found
