"""Rules of the decision that look at patients: relationships, emergencies, accounts, watched charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from patients.models import (
    BreakGlass,
    CareRelationship,
    Patient,
    PortalAccount,
    StaffLink,
)
from security import context
from security.access.categories import Action, Reach
from security.access.decision import reach_of_user, roles_for
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.access.registry import Basis, Refusal, heir, reach, restriction
from security.access.roles import emergency_of
from security.classification import Category
from security.models import User

Source = CareRelationship.Source
# The best ground first: of several, this one is named.
SOURCES = (
    (Source.RESPONSIBLE, Basis.RESPONSIBLE),
    (Source.TEAM, Basis.TEAM),
    (Source.APPOINTMENT, Basis.APPOINTMENT),
    (Source.REFERRAL, Basis.REFERRAL),
    (Source.REQUEST, Basis.REQUEST),
    (Source.IMPORT, Basis.APPOINTMENT),
    (Source.CASE, Basis.CASE),
)
# Who takes part in the care now, or works on a case. An earlier visit that was imported is neither.
CARE_TEAM = (
    Source.RESPONSIBLE, Source.TEAM, Source.APPOINTMENT, Source.REFERRAL, Source.REQUEST, Source.CASE,
)  # fmt: skip
CLINICAL = {Category.CLINICAL, Category.RESTRICTED}


# Before the relationships, so that an emergency is named as one where both would grant.
@reach("break_glass", serves={Reach.TEAM})
def break_glass(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Basis]:
    """Grant the charts whose glass this person broke in this session, for emergency treatment alone."""
    return dict.fromkeys(_broken(actor, permission, patients, purpose, now), Basis.BREAK_GLASS)


def _broken(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> set[UUID]:
    here = context.find()
    opens = emergency_of(roles_for(actor, purpose)) if purpose == Purpose.ETREAT else ()
    if here is None or permission.category not in opens:
        return set()
    rows = BreakGlass.objects.in_force(now).of(actor, here.session_bond)
    return set(rows.filter(patient_id__in=patients).values_list("patient_id", flat=True))


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
    """Ask for emergency access to a VIP's or colleague's chart outside the care team.

    Those who register and bill everybody give a fresh factor for it, and see nothing clinical.
    """
    if actor.kind == User.Kind.PATIENT or permission.action is Action.REQUEST:
        return {}
    normal = Patient.Confidentiality.NORMAL
    confidential = {
        patient
        for patient, level, in_care_team, _merged in _watched(actor, patients, now)
        if level != normal and not in_care_team
    }
    if confidential:
        confidential -= _broken(actor, permission, list(confidential), purpose, now)
    reaches_all = reach_of_user(actor, permission, purpose) is Reach.ALL
    # Whom the person wrote to answers as the desk does.
    is_written_to = permission.category is Category.MESSAGES
    is_desk = is_written_to or (reaches_all and permission.category not in CLINICAL)
    return dict.fromkeys(confidential, FRESH_FACTOR if is_desk else EMERGENCY_ONLY)


FRESH_FACTOR = Refusal(
    _("This chart is confidential: confirm with your second factor."), step_up=True
)
EMERGENCY_ONLY = Refusal(
    _("This chart is confidential. Outside the care team it opens in an emergency only."),
    glass=True,
)


def _not_merged(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    return Q(merged_into__isnull=True)


@restriction("merged_record", narrow=_not_merged)
def merged_record(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse a record that was merged into another one.

    Asking is refused nobody, as with one that never was: the deeds find nobody there.
    """
    if permission is Permission.CLINICAL_REQUEST:
        return {}
    refusal = Refusal(_("This record was merged into another record of the same person."))
    return {
        patient: refusal
        for patient, _level, _in_team, merged_into in _watched(actor, patients, now)
        if merged_into is not None
    }


Watched = list[tuple[UUID, str, bool, UUID | None]]


def _watched(actor: User, patients: Sequence[UUID], now: datetime) -> Watched:
    """Return confidential and merged records, with one query for both rules about them."""
    here = context.find()
    memo = {} if here is None else here.decisions
    key = ("watched", actor.pk, tuple(patients), now)
    if key not in memo:
        related = CareRelationship.objects.in_force(now).filter(
            user_id=actor.pk, patient_id=OuterRef("pk"), source__in=CARE_TEAM
        )
        is_normal = Q(confidentiality=Patient.Confidentiality.NORMAL, merged_into__isnull=True)
        rows = Patient.objects.filter(pk__in=patients).exclude(is_normal)
        columns = ("pk", "confidentiality", "in_care_team", "merged_into_id")
        memo[key] = list(rows.annotate(in_care_team=Exists(related)).values_list(*columns))
    found: Watched = memo[key]
    return found


@heir
def survivor(patient: UUID) -> UUID | None:
    """Return the record that a patient's record was merged into."""
    rows = Patient.objects.filter(pk=patient).values_list("merged_into_id", flat=True)
    return next(iter(rows), None)


def _without_own(actor: User, permission: Permission, purpose: str, now: datetime) -> Q:
    own = _own_records(actor, now)
    return ~Q(pk__in=own) if own else Q()


def _own_records(actor: User, now: datetime) -> dict[UUID, str]:
    """Return the records a colleague stays out of, with the reason; asked once in a request."""
    if actor.kind != User.Kind.STAFF:
        return {}
    here = context.find()
    memo = {} if here is None else here.decisions
    links = memo.get(("own_record", actor.pk))
    if links is None:
        rows = StaffLink.objects.filter(user_id=actor.pk)
        links = list(rows.values_list("patient_id", "kind", "starts_at", "ends_at"))
        memo["own_record", actor.pk] = links
    return {
        patient: kind
        for patient, kind, start, end in links
        if start <= now and (end is None or end > now)
    }


@restriction("own_record", narrow=_without_own, is_personal=True)
def own_record(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse staff the own record and those of close family, in an emergency as well."""
    own = _own_records(actor, now)
    return {
        patient: OWN if own[patient] == StaffLink.Kind.SELF else FAMILY
        for patient in patients
        if patient in own
    }


OWN = Refusal(
    _("This is your own record. You read it as every patient does, not through your work here.")
)
FAMILY = Refusal(
    _("This is the record of somebody of your close family. A colleague has to look after it.")
)
