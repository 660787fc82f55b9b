"""Patients whom no clinician is responsible for yet, and who could be."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from patients.models import CareRelationship, Patient, TeamAssignment
from patients.queries import pages, people, wording
from patients.queries.pages import Place
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.classification import Category
from security.models import RoleAssignment, User
from security.sealing import SealBroken

PAGE = 25
COLUMNS = (*people.CARD, "created_at")


def without_carer(user: User) -> QuerySet[Patient]:
    """Return the patients without responsible clinician and team, of those open to a person."""
    here = Q(patient_id=OuterRef("pk"))
    responsible = CareRelationship.objects.in_force().filter(
        here, source=CareRelationship.Source.RESPONSIBLE
    )
    teams = TeamAssignment.objects.in_force().filter(here)
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    found: QuerySet[Patient] = visible.filter(~Exists(responsible), ~Exists(teams))
    return found


def first(user: User, limit: int, place: Place | None = None) -> list[Patient]:
    """Return the first of those who wait, latest activity first."""
    return list(pages.latest_active(without_carer(user), place).only(*COLUMNS)[:limit])


def rows(user: User, patients: list[Patient]) -> list[dict[str, Any]]:
    """Return those who wait as rows, with the day since when."""
    seen = people.sights(user, [patient.pk for patient in patients])
    return [
        people.row(patient, seen[patient.pk])
        | {"id": str(patient.pk), "since": wording.day(patient.created_at)}
        for patient in patients
        if patient.pk in seen
    ]


def page(user: User, *, after: str = "", ticked: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return one page of those who wait, with the ticks that were set."""
    found = first(user, PAGE + 1, Place.read(after))
    shown = [row | {"ticked": row["id"] in ticked} for row in rows(user, found[:PAGE])]
    return {"rows": shown, "total": None, "next_url": pages.next_of_patients(found, PAGE)}


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
    named = [(str(user.pk), name_of(user)) for user in users.only("handle", "sealed_card")]
    return sorted(named, key=lambda pair: pair[1])


def name_of(user: User | None) -> str:
    """Return how a colleague is called; by the public handle where the name can not be opened."""
    if user is None:
        return ""
    try:
        return user.display_name or user.handle
    except SealBroken:
        return user.handle
