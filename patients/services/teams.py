"""Care teams: patients assigned to a unit are reached by its members, each by a relationship of their own."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import TeamAssignment
from patients.services import relationships
from patients.services.relationships import Source, Wanted
from security import trail
from security.access.gate import Refused
from security.models import Membership, Unit, User
from security.services import units


class NotATeam(Refused):
    """The unit is no care team, or is closed."""


def find(name: str) -> Unit:
    """Return the care team with a name, in either language; raise NotATeam."""
    teams = Unit.objects.filter(kind=Unit.Kind.TEAM, is_active=True)
    team = teams.filter(name=name).first() or teams.filter(name_zh=name).exclude(name_zh="").first()
    if team is None:
        raise NotATeam(_("There is no care team with this name."))
    return team


@transaction.atomic
def assign(*, patient_ids: Iterable[UUID], unit: Unit, by: User | None) -> int:
    """Assign patients to a care team; its members reach them from now on. Return how many are new."""
    # Who joins or leaves meanwhile stands in line: nobody keeps what a membership gave.
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if unit.kind != Unit.Kind.TEAM or not unit.is_active:
        raise NotATeam(_("This unit is no care team."))
    wanted = list(dict.fromkeys(patient_ids))
    there = set(
        TeamAssignment.objects.in_force()
        .filter(unit=unit, patient_id__in=wanted)
        .values_list("patient_id", flat=True)
    )
    rows = [
        TeamAssignment(patient_id=one, unit=unit, granted_by=by)
        for one in wanted
        if one not in there
    ]
    TeamAssignment.objects.bulk_create(rows)
    if rows:
        trail.record(
            "patients.team.assigned",
            subjects=[row.patient_id for row in rows],
            changed=rows,
            obj=unit,
            by=by,
        )
    _materialise(unit=unit, patient_ids=wanted, by=by)
    return len(rows)


@transaction.atomic
def release(*, patient_id: UUID, unit: Unit, by: User) -> None:
    """End a patient's assignment to a care team, and what its members reached by it."""
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    rows = list(
        TeamAssignment.objects.in_force()
        .select_for_update()
        .filter(unit=unit, patient_id=patient_id)
    )
    for row in rows:
        row.ends_at, row.ended_by = timezone.now(), by
    TeamAssignment.objects.bulk_update(rows, ["ends_at", "ended_by"])
    if rows:
        trail.record("patients.team.released", subjects=[patient_id], changed=rows, obj=unit, by=by)
    relationships.end_of_unit(unit_id=unit.pk, patient_id=patient_id, by=by)


def install() -> None:
    """Follow the memberships of care teams; called once at start-up."""
    if follow not in units.followers:
        units.followers.append(follow)


def follow(*, membership: Membership, by: User | None) -> None:
    """Give or end what a membership reaches, inside the deed that joined or left the unit."""
    unit = membership.unit
    if unit.kind != Unit.Kind.TEAM:
        return
    if membership.ends_at is not None and membership.ends_at <= timezone.now():
        relationships.end_of_unit(unit_id=unit.pk, user_id=membership.user_id, by=by)
        return
    assigned = (
        TeamAssignment.objects.in_force().filter(unit=unit).values_list("patient_id", flat=True)
    )
    _materialise(unit=unit, patient_ids=list(assigned), by=by)


def _materialise(*, unit: Unit, patient_ids: list[UUID], by: User | None) -> None:
    members = Membership.objects.in_force().filter(unit=unit, user__is_active=True)
    wanted = [
        Wanted(member.user_id, patient, Source.TEAM, unit_id=unit.pk, ends_at=member.ends_at)
        for member in members
        for patient in patient_ids
    ]
    relationships.grant_many(wanted=wanted, by=by)
