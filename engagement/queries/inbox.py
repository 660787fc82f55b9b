"""The shared inbox: whose turn it is, how long somebody waits, and what a reader has not seen yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone

from audit import persons
from engagement.models import Thread
from engagement.queries import threads
from patients.queries.colleagues import names_of, unit_name
from security import context
from security.access.decision import Decision, decide_many
from security.access.permissions import Permission
from security.models import User
from security.pages import Place, ascending, descending
from security.sealing import SealBroken

PAGE = 25
SHOWS = ("mine", "unassigned", "us", "patient", "done")
TONES = {Thread.State.US: "warn", Thread.State.PATIENT: "info", Thread.State.DONE: "good"}
State = Thread.State
NOT_DONE = ~Q(state=State.DONE)


def _asked(user: User) -> dict[str, Q]:
    return {
        "mine": Q(assignee_id=user.pk) & NOT_DONE,
        "unassigned": Q(assignee__isnull=True) & NOT_DONE,
        "us": Q(state=State.US),
        "patient": Q(state=State.PATIENT),
        "done": Q(state=State.DONE),
    }


def page(user: User, *, show: str, unit_id: UUID | None = None, after: str = "") -> dict[str, Any]:
    """Return one page of a box; what waits for the clinic begins with what waits longest."""
    rows = threads.with_reading(threads.visible(user), user).filter(_asked(user)[show])
    if unit_id is not None:
        rows = rows.filter(unit_id=unit_id)
    place = Place.read(after)
    column = {"us": "waiting_since", "done": "done_at"}.get(show, "last_at")
    ordered = ascending if show == "us" else descending
    found = list(ordered(rows.select_related("unit"), column, place)[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return {
        "rows": lines(user, found[:PAGE]),
        "next": Place(getattr(last, column), last.pk).text() if last else "",
    }


def counts(user: User) -> Mapping[str, int]:
    """Return how much lies in each box but the last, with one query."""
    asked = _asked(user)
    boxes = {show: Count("pk", filter=asked[show]) for show in SHOWS if show != "done"}
    return threads.visible(user).open().aggregate(**boxes)


def waits(user: User) -> int:
    """Return how many conversations wait for this person: the own ones, and nobody's in the own inboxes."""
    own = Q(assignee_id=user.pk) | Q(assignee__isnull=True, unit_id__in=threads.inboxes_of(user))
    return threads.visible(user).filter(own, state=State.US).count()


def of_patient(user: User, patient_id: UUID) -> list[dict[str, Any]]:
    """Return the conversations with one patient that somebody may see, what waits in front."""
    rows = threads.with_reading(threads.visible(user), user).filter(patient_id=patient_id)
    ordered = rows.select_related("unit").order_by(
        F("done_at").desc(nulls_first=True), "-last_at", "-pk"
    )
    return lines(user, list(ordered[:50]))


def lines(user: User, rows: Sequence[Thread]) -> list[dict[str, Any]]:
    """Return conversations as rows of a list, with a constant number of queries."""
    ids = {row.patient_id for row in rows}
    made = decide_many(user, Permission.MESSAGES_READ, ids, context.current().purpose)
    names = persons.register().shown(user, ids)
    people = names_of(row.assignee_id for row in rows if row.assignee_id)
    now = timezone.now()
    # What is refused for good, such as a record that is closed by law, stands in no list.
    shown = [row for row in rows if made[row.patient_id].is_reachable]
    return [
        _line(row, made[row.patient_id], now)
        | {
            "name": known.name if (known := names.get(row.patient_id)) else "",
            "assignee": people.get(row.assignee_id, "") if row.assignee_id else "",
            "is_mine": row.assignee_id == user.pk,
        }
        for row in shown
    ]


def _line(row: Thread, made: Decision, now: datetime) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": row.pk,
        "url": reverse("engagement:thread", args=[row.patient_id, row.pk]),
        "pseudonym": persons.pseudonym(row.patient_id),
        "unit": unit_name(row.unit),
        "state": row.get_state_display(),
        "tone": TONES[State(row.state)],
        "last_at": row.last_at,
        "waiting_since": row.waiting_since,
        "is_late": is_late(row, now),
        "is_unread": is_unread(row),
        "done_at": row.done_at,
        "locked": not made.allowed,
        "broken": False,
        "subject": "",
    }
    try:
        return facts if facts["locked"] else facts | {"subject": row.subject}
    except SealBroken:
        return facts | {"broken": True}


def is_late(row: Thread, now: datetime) -> bool:
    """Tell whether a patient waits longer for an answer than the clinic wants."""
    longest = timedelta(hours=settings.THREAD_ANSWER_HOURS)
    return row.waiting_since is not None and now - row.waiting_since > longest


def is_unread(row: Thread) -> bool:
    """Tell whether the patient wrote since the reader looked; needs `threads.with_reading`."""
    read_at: datetime | None = getattr(row, "read_at", None)
    return row.state == State.US and (read_at is None or read_at < row.last_at)
