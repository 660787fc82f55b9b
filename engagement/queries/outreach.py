"""Lists of the desk: whom no reminder reaches, and answers that somebody has to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from engagement.models import Reminder, Reply
from engagement.queries import contact
from patients.models import Patient
from patients.queries import people
from security.classification import Category
from security.models import User
from security.pages import Place, ascending, descending

PAGE = 50


def _mine(user: User) -> QuerySet[Patient]:
    return Patient.objects.visible_to(user, Category.APPOINTMENTS)


def to_call(user: User) -> QuerySet[Reminder]:
    """Return the reminders ahead that reach nobody, of people whose appointments this person sees."""
    rows = Reminder.objects.to_call().filter(starts_at__gt=timezone.now())
    return rows.filter(patient__in=_mine(user).values("pk"))


def to_read(user: User) -> QuerySet[Reply]:
    """Return the answers that wait for a reader."""
    rows = Reply.objects.filter(done_at__isnull=True)
    return rows.filter(patient__in=_mine(user).values("pk"))


def calls(user: User, after: str) -> dict[str, Any]:
    """Return one page of whom to call, the nearest appointment first."""
    rows = to_call(user).defer("sealed").select_related("appointment__service")
    found = list(ascending(rows, "starts_at", Place.read(after))[: PAGE + 1])
    shown = found[:PAGE]
    who = _people(user, {row.patient_id for row in shown})
    last = shown[-1] if len(found) > PAGE else None
    return {
        "rows": [
            {
                "id": row.pk,
                "patient_id": row.patient_id,
                "starts_at": row.starts_at,
                "service": row.appointment.service.label,
                "why": contact.WHY.get(row.why, ""),
                "who": who[row.patient_id],
            }
            for row in shown
            if row.patient_id in who
        ],
        "next_url": f"?after={Place(last.starts_at, last.pk).text()}" if last else None,
    }


def replies(user: User, after: str) -> dict[str, Any]:
    """Return one page of the answers that wait, the newest first."""
    rows = descending(to_read(user), "received_at", Place.read(after))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    who = _people(user, {row.patient_id for row in shown})
    last = shown[-1] if len(found) > PAGE else None
    return {
        "rows": [
            contact.reply(row) | {"who": who[row.patient_id], "patient_id": row.patient_id}
            for row in shown
            if row.patient_id in who
        ],
        "next_url": f"?after={Place(last.received_at, last.pk).text()}" if last else None,
    }


def call_count(user: User) -> int:
    """Return how many people wait to be called."""
    return to_call(user).count()


def reply_count(user: User) -> int:
    """Return how many answers wait to be read."""
    return to_read(user).count()


def _people(user: User, patient_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    rows = list(
        Patient.objects.filter(pk__in=list(patient_ids)).only("pk", "version", *people.CARD)
    )
    seen = people.sights(user, [row.pk for row in rows])
    return {row.pk: people.row(row, seen[row.pk]) for row in rows if row.pk in seen}
