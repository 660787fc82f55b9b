"""Which patients a user may know of: one query, chosen by the reach of the user's roles.

Kept equal to `decide_many` by a property test. Empty means nothing, never "no filter".
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from patients.models.portal import PortalAccount
from patients.models.relationship import CareRelationship, ChartPermission
from security.access import registry
from security.access.categories import Action, Reach
from security.access.decision import purposes_of, reach_of_user, stated_purpose
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing.queryset import SealedQuerySet

if TYPE_CHECKING:
    from patients.models.patient import Patient

Row = TypeVar("Row", bound="Patient", covariant=True)


def reading(category: Category) -> list[Permission]:
    """Return the permissions by which a category is read, clear or masked."""
    actions = (Action.READ, Action.READ_MASKED)
    return [one for one in Permission if one.category is category and one.action in actions]


class VisibleQuerySet(SealedQuerySet[Row]):
    """Patients, narrowed to those a user may know of."""

    def visible_to(self, user: User, category: Category) -> Self:
        """Keep the patients whose data of a category the user reaches, clear or masked.

        For the purpose that is stated; where somebody else asks, for any purpose of the user.
        """
        now, stated = timezone.now(), stated_purpose(user)
        within = {one: _within(one, user, category, now) for one in Reach}
        conditions: list[Q] = []
        for purpose in [stated] if stated else map(str, purposes_of(user)):
            condition = _reached(user, category, purpose, now, within)
            if condition is not None and not condition:
                return self.all()
            if condition is not None and condition not in conditions:
                conditions.append(condition)
        return self.filter(reduce(or_, conditions)) if conditions else self.none()


def _reached(
    user: User, category: Category, purpose: str, now: datetime, within: dict[Reach, Q]
) -> Q | None:
    """Return whom a user reaches for a purpose as one condition: empty for everybody, None for nobody."""
    reaches = {one: reach_of_user(user, one, purpose) for one in reading(category)}
    permission = max(reaches, key=lambda one: reaches[one], default=None)
    if permission is None or reaches[permission] is Reach.NONE:
        return None
    condition = within[reaches[permission]]
    for rule in registry.restrictions.values():
        if rule.narrow is not None:
            condition &= rule.narrow(user, permission, purpose, now)
    return condition


def _within(reach: Reach, user: User, category: Category, now: datetime) -> Q:
    """Return who is within a reach, before any rule about one patient."""
    mine = {"user_id": user.pk}
    match reach:
        case Reach.ALL:
            return Q()
        case Reach.NONE:
            return Q(pk__in=[])
        case Reach.CASE:
            rows: Any = CareRelationship.objects.in_force(now).filter(
                **mine, source=CareRelationship.Source.CASE, patient_id=OuterRef("pk")
            )
        case Reach.TEAM:
            rows = ChartPermission.objects.in_force(now).filter(
                **mine, content_object_id=OuterRef("pk")
            )
        case _:
            rows = PortalAccount.objects.in_force(now).filter(**mine, patient_id=OuterRef("pk"))
    return reduce(or_, _added(reach, user, category, now), Q(Exists(rows)))


def _added(reach: Reach, user: User, category: Category, now: datetime) -> list[Q]:
    """Return whom rules of apps above let somebody reach."""
    rules = [one for one in registry.reach_rules.values() if one.within and reach in one.serves]
    found = [one.within(user, category, now) for one in rules if one.within]
    return [one for one in found if one is not None]
