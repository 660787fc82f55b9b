"""What a member of staff did and read about patients, from the own part of the trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists
from django.utils import timezone

from audit import actions
from audit.models import Event
from audit.models.event import EventQuerySet
from audit.queries import events
from audit.queries.trail import IS_SUBJECT, PURPOSES
from patients.models import Patient
from patients.queries import pages, people
from patients.queries.pages import Place
from patients.queries.people import Sight
from security.access.registry import Basis
from security.models import User

PAGE = 25
# A list that was read names many people; the row names the first and counts the others.
NAMED = 3
BASES = {str(one): one.label for one in Basis}


def page(user: User, *, day: date | None = None, after: str = "") -> dict[str, Any]:
    """Return one page of the own accesses to patients, the newest first, of one day or of all."""
    rows = pages.newest_first(_about_patients(user, day), "recorded_at", Place.read(after))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    patients = _patients({one for event in shown for one in event.subjects})
    named = {one for event in shown for one in _of(event, patients)[:NAMED]}
    seen = people.sights(user, named)
    return {
        "rows": [_row(event, patients, seen) for event in shown],
        "next": _next(found),
    }


def _about_patients(user: User, day: date | None) -> EventQuerySet:
    rows = events.by_actor(user.pk).order_by()
    rows = rows.filter(Exists(Patient.objects.filter(IS_SUBJECT)))
    if day is not None:
        start = timezone.make_aware(datetime.combine(day, time.min))
        rows = rows.filter(
            recorded_at__gte=start,
            recorded_at__lt=timezone.make_aware(
                datetime.combine(day + timedelta(days=1), time.min)
            ),
        )
    return rows


def _patients(subjects: Iterable[UUID]) -> dict[UUID, Patient]:
    rows = Patient.objects.filter(pk__in=list(subjects)).only(*people.CARD)
    return {row.pk: row for row in rows}


def _of(event: Event, patients: dict[UUID, Patient]) -> list[UUID]:
    return [one for one in event.subjects if one in patients]


def _row(event: Event, patients: dict[UUID, Patient], seen: dict[UUID, Sight]) -> dict[str, Any]:
    about = _of(event, patients)
    return {
        "at": event.recorded_at,
        "what": actions.sentence(event.action),
        "outcome": event.outcome,
        "outcome_label": event.get_outcome_display(),
        "purpose": PURPOSES.get(event.purpose, event.purpose),
        "basis": BASES.get(event.basis, ""),
        "people": [_person(patients[one], seen.get(one)) for one in about[:NAMED]],
        "others": max(0, len(about) - NAMED),
    }


def _person(patient: Patient, sight: Sight | None) -> dict[str, Any]:
    """Return a name for who is still in reach, else the pseudonym under which the trail knows the person."""
    if sight is None:
        return {"name": str(patient.pk)[-12:], "is_known": False}
    row = people.row(patient, sight)
    name = "" if row["broken"] else row["name"]
    return {"name": name, "url": row["url"], "is_known": True, "is_masked": row["masked"]}


def _next(found: list[Event]) -> str:
    if len(found) <= PAGE:
        return ""
    last = found[PAGE - 1]
    return Place(last.recorded_at, last.pk).text()
