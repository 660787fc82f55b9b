"""Which patients a user may know of: one query, chosen by the reach of the user's roles.

Kept equal to `decide_many` by a property test. Empty means nothing, never "no filter".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from patients.models.portal import PortalAccount
from patients.models.relationship import CareRelationship, ChartPermission
from security.access import registry
from security.access.categories import Action, Reach
from security.access.decision import reach_of_user, stated_purpose
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
        """Keep the patients whose data of a category the user reaches, clear or masked."""
        now = timezone.now()
        purpose = stated_purpose(user)
        reaches = {one: reach_of_user(user, one, purpose) for one in reading(category)}
        permission = max(reaches, key=lambda one: reaches[one], default=None)
        if permission is None or reaches[permission] is Reach.NONE:
            return self.none()
        found = self
        match reaches[permission]:
            case Reach.CASE:
                cases = CareRelationship.objects.in_force(now).filter(
                    user_id=user.pk, patient_id=OuterRef("pk"), source=CareRelationship.Source.CASE
                )
                found = self.filter(Exists(cases))
            case Reach.TEAM:
                charts = ChartPermission.objects.in_force(now).filter(
                    user_id=user.pk, content_object_id=OuterRef("pk")
                )
                found = self.filter(Exists(charts))
            case Reach.SELF:
                accounts = PortalAccount.objects.in_force(now).filter(
                    user_id=user.pk, patient_id=OuterRef("pk")
                )
                found = self.filter(Exists(accounts))
        narrowed = Q()
        for rule in registry.restrictions.values():
            if rule.narrow is not None:
                narrowed &= rule.narrow(user, permission, now)
        return found.filter(narrowed) if narrowed else found
