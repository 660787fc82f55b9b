"""Patients whom no clinician is responsible for yet."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from patients.models import CareRelationship, Patient, TeamAssignment
from patients.queries import pages, people, wording
from patients.queries.pages import Place
from security.classification import Category
from security.models import User

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
