"""Rules of the decision that look at cases: what is specially protected needs a second officer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.models import CaseSubject
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.access.registry import Refusal, restriction
from security.classification import Category
from security.models import User

NOT_AGREED = Refusal(
    _("Specially protected records open in a case only after a second officer agreed.")
)


def _reads_in_case(actor: User, permission: Permission, purpose: str) -> bool:
    if permission.category is not Category.RESTRICTED or actor.kind != User.Kind.STAFF:
        return False
    return reach_of_user(actor, permission, purpose) is Reach.CASE


def _agreed(actor: User, now: datetime) -> set[UUID]:
    rows = CaseSubject.objects.filter(
        case__assigned_to_id=actor.pk, case__closed_at__isnull=True, restricted_at__lte=now
    )
    return set(rows.values_list("subject_id", flat=True))


def _agreed_patients(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    if not _reads_in_case(actor, permission, purpose):
        return Q()
    return Q(pk__in=_agreed(actor, now))


@restriction("case_approval", narrow=_agreed_patients)
def case_approval(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse what is specially protected to who reads inside a case, until a second officer agreed."""
    if not _reads_in_case(actor, permission, purpose):
        return {}
    agreed = _agreed(actor, now)
    return {one: NOT_AGREED for one in patients if one not in agreed}
