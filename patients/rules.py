"""Rules of the decision that look at patients: relationships, portal accounts, confidential charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, ChartPermission, Patient, PortalAccount
from security import context
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.access.registry import Basis, Refusal, heir, reach, restriction
from security.models import User

# The best ground first: of several, this one is named.
SOURCES = (
    (CareRelationship.Source.RESPONSIBLE, Basis.RESPONSIBLE),
    (CareRelationship.Source.TEAM, Basis.TEAM),
    (CareRelationship.Source.APPOINTMENT, Basis.APPOINTMENT),
    (CareRelationship.Source.REFERRAL, Basis.REFERRAL),
    (CareRelationship.Source.IMPORT, Basis.APPOINTMENT),
    (CareRelationship.Source.CASE, Basis.CASE),
)


@reach("care_relationship", serves={Reach.TEAM, Reach.CASE})
def care_relationship(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Basis]:
    """Grant patients with a relationship in force and name its source."""
    rows = CareRelationship.objects.in_force(now).filter(user_id=actor.pk, patient_id__in=patients)
    if reach_of_user(actor, permission, purpose) is Reach.CASE:
        # Who reads inside a case only is let in by a case, whatever else joins the two.
        rows = rows.filter(source=CareRelationship.Source.CASE)
    found: dict[UUID, set[str]] = {}
    for patient, source in rows.values_list("patient_id", "source"):
        found.setdefault(patient, set()).add(source)
    return {
        patient: next(basis for source, basis in SOURCES if source in sources)
        for patient, sources in found.items()
    }


@reach("portal_account", serves={Reach.SELF})
def portal_account(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Basis]:
    """Grant a person the own record, and records of people the person represents."""
    rows = PortalAccount.objects.in_force(now).filter(user_id=actor.pk, patient_id__in=patients)
    return {
        patient: Basis.SELF if capacity == PortalAccount.Capacity.SELF else Basis.PROXY
        for patient, capacity in rows.values_list("patient_id", "capacity")
    }


@restriction("confidential_chart")
def confidential_chart(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Ask for a fresh factor before a VIP's or colleague's chart that no relationship opens."""
    if actor.kind == User.Kind.PATIENT:
        return {}
    refusal = Refusal(
        _("This chart is confidential: confirm with your second factor."), step_up=True
    )
    normal = Patient.Confidentiality.NORMAL
    return {
        patient: refusal
        for patient, level, is_related, _merged in _watched(actor, patients, now)
        if level != normal and not is_related
    }


def _not_merged(actor: User, permission: Permission, now: datetime) -> Q:
    return Q(merged_into__isnull=True)


@restriction("merged_record", narrow=_not_merged)
def merged_record(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse a record that was merged into another one."""
    refusal = Refusal(_("This record was merged into another record of the same person."))
    return {
        patient: refusal
        for patient, _level, _is_related, merged_into in _watched(actor, patients, now)
        if merged_into is not None
    }


Watched = list[tuple[UUID, str, bool, UUID | None]]


def _watched(actor: User, patients: Sequence[UUID], now: datetime) -> Watched:
    """Return confidential and merged records, with one query for both rules about them."""
    here = context.find()
    memo = {} if here is None else here.decisions
    key = ("watched", actor.pk, tuple(patients), now)
    if key not in memo:
        related = ChartPermission.objects.in_force(now).filter(
            user_id=actor.pk, content_object_id=OuterRef("pk")
        )
        is_normal = Q(confidentiality=Patient.Confidentiality.NORMAL, merged_into__isnull=True)
        rows = Patient.objects.filter(pk__in=patients).exclude(is_normal)
        columns = ("pk", "confidentiality", "is_related", "merged_into_id")
        memo[key] = list(rows.annotate(is_related=Exists(related)).values_list(*columns))
    found: Watched = memo[key]
    return found


@heir
def survivor(patient: UUID) -> UUID | None:
    """Return the record that a patient's record was merged into."""
    rows = Patient.objects.filter(pk=patient).values_list("merged_into_id", flat=True)
    return next(iter(rows), None)
