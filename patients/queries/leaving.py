"""Colleagues who leave, and what they still hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from patients.models import CareRelationship, Draft, Patient
from patients.queries import colleagues, pages, people
from patients.queries.pages import Place
from security.classification import Category
from security.models import Membership, Unit, User
from security.people import called

PAGE = 25
RESPONSIBLE = CareRelationship.Source.RESPONSIBLE


@dataclass(frozen=True, slots=True)
class Leaver:
    """One who leaves or has left: until when, and how much is still in the own hands."""

    id: UUID
    name: str
    last_day: date | None
    is_gone: bool
    patients: int
    drafts: int
    teams: tuple[str, ...]


def responsible(user_id: UUID) -> QuerySet[CareRelationship]:
    """Return the relationships by which a person is responsible for patients."""
    return CareRelationship.objects.in_force().filter(user_id=user_id, source=RESPONSIBLE)


def is_leaving(user: User) -> bool:
    """Tell whether a colleague has a last day or may not sign in any more."""
    return not user.is_active or user.ends_on is not None


def _leaving() -> QuerySet[User]:
    rows: QuerySet[User] = User.objects.staff().filter(
        Q(is_active=False) | Q(ends_on__isnull=False)
    )
    return rows


def _counted(rows: QuerySet[User]) -> QuerySet[User]:
    held = CareRelationship.objects.in_force().filter(user_id=OuterRef("pk"), source=RESPONSIBLE)
    drafts = Draft.objects.filter(user_id=OuterRef("pk"))
    return rows.annotate(held=_number(held), drafts=_number(drafts))


def _number(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().values("user_id").annotate(number=Count("pk")).values("number")
    return Subquery(counted, output_field=IntegerField())


def leavers() -> list[Leaver]:
    """Return the colleagues who leave or have left and still hold something, the first to go first."""
    held = CareRelationship.objects.in_force().filter(user_id=OuterRef("pk"), source=RESPONSIBLE)
    member = Membership.objects.in_force().filter(user_id=OuterRef("pk"), unit__kind=Unit.Kind.TEAM)
    drafts = Draft.objects.filter(user_id=OuterRef("pk"))
    rows = _leaving().filter(Exists(held) | Exists(member) | Exists(drafts))
    found = list(_counted(rows).order_by("ends_on", "pk"))
    return _with_teams(found)


def leaver(user_id: UUID) -> Leaver | None:
    """Return one who leaves, whatever is still held; None for anybody else."""
    found = list(_counted(_leaving().filter(pk=user_id)))
    return next(iter(_with_teams(found)), None)


def _with_teams(rows: list[User]) -> list[Leaver]:
    teams: dict[UUID, list[str]] = {}
    members = Membership.objects.in_force().filter(
        user_id__in=[row.pk for row in rows], unit__kind=Unit.Kind.TEAM
    )
    for member in members.select_related("unit").order_by("unit__name"):
        teams.setdefault(member.user_id, []).append(colleagues.unit_name(member.unit))
    today = timezone.localdate()
    return [
        Leaver(
            id=row.pk,
            name=called(row),
            last_day=row.ends_on,
            is_gone=not row.is_active or (row.ends_on is not None and row.ends_on < today),
            patients=getattr(row, "held", None) or 0,
            drafts=getattr(row, "drafts", None) or 0,
            teams=tuple(teams.get(row.pk, ())),
        )
        for row in rows
    ]


def patients_of(leaver_id: UUID, reader: User, after: str = "") -> dict[str, Any]:
    """Return one page of the patients a colleague is responsible for, as far as the reader may know them."""
    held = responsible(leaver_id).filter(patient_id=OuterRef("pk"))
    visible = Patient.objects.visible_to(reader, Category.DEMOGRAPHICS).filter(Exists(held))
    found = list(pages.latest_active(visible, Place.read(after)).only(*people.CARD)[: PAGE + 1])
    seen = people.sights(reader, [patient.pk for patient in found[:PAGE]])
    return {
        "rows": people.rows(found[:PAGE], seen),
        "next_url": pages.next_of_patients(found, PAGE),
    }
