"""Rules of the decision that need no patient record: the role's own reach, and clearances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.access.registry import Basis, Refusal, reach, restriction
from security.classification import Category
from security.models import Clearance, User


@reach("role", serves={Reach.ALL})
def role(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Basis]:
    """Grant everybody to roles that reach everybody."""
    return dict.fromkeys(patients, Basis.ROLE)


def _is_cleared(actor: User, permission: Permission, now: datetime, purpose: str) -> bool:
    if permission.category is not Category.RESTRICTED or actor.kind == User.Kind.PATIENT:
        return True
    if reach_of_user(actor, permission, purpose) is Reach.CASE:
        # Inside a case a second officer's agreement about the one patient takes its place: audit's rule.
        return True
    return Clearance.objects.in_force(now).filter(user_id=actor.pk).exists()


def _cleared_patients(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    is_cleared = _is_cleared(actor, permission, now, purpose)
    return Q() if is_cleared else Q(pk__in=[])


@restriction("clearance", narrow=_cleared_patients)
def clearance(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse specially protected records to staff without a named clearance in force."""
    if _is_cleared(actor, permission, now, purpose):
        return {}
    return dict.fromkeys(
        patients, Refusal(_("Specially protected records need a named clearance."))
    )
