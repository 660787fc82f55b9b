"""Reviews as pages show them: the queue by its deadlines, and what was opened in one emergency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit import actions, persons
from audit.models import Event, Review
from audit.persons import Shown
from audit.queries import officers, parts
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User
from security.pages import Place, ascending, descending
from security.people import called
from security.sealing import SealBroken

PAGE = 25
MOST_EVENTS = 200
# No emergency access lasts longer.
LONGEST = timedelta(hours=4)


def queue(user: User, *, is_done: bool = False, after: str = "") -> dict[str, Any]:
    """Return one page of what waits, the most urgent first, or of what was decided, the newest first."""
    place = Place.read(after)
    rows: Any = Review.objects.select_related("assigned_to", "decided_by")
    if is_done:
        column, rows = "decided_at", descending(rows.exclude(verdict=""), "decided_at", place)
    else:
        column, rows = "due_at", ascending(rows.waiting(), "due_at", place)
    found = list(rows.defer("sealed")[: PAGE + 1])
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    return {
        "rows": _rows(user, shown),
        "next": Place(getattr(last, column), last.pk).text() if last else "",
        "overdue": Review.objects.overdue().count(),
        "is_done": is_done,
    }


def to_tell(user: User) -> list[dict[str, Any]]:
    """Return the reviews whose patient reception tells, the oldest first."""
    rows = Review.objects.untold().defer("sealed").select_related("assigned_to", "decided_by")
    return _rows(user, list(rows.order_by("occurred_at", "pk")[:MOST_EVENTS]))


def _rows(user: User, found: Collection[Review]) -> list[dict[str, Any]]:
    names = officers.names_of({row.actor_id for row in found})
    seen = persons.register().shown(user, {row.subject_id for row in found})
    return [_row(row, names, seen) for row in found]


def _row(row: Review, names: Mapping[UUID, str], seen: Mapping[UUID, Shown]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "who": names.get(row.actor_id, persons.pseudonym(row.actor_id)),
        "patient": seen.get(row.subject_id),
        "pseudonym": persons.pseudonym(row.subject_id),
        "subject_id": row.subject_id,
        "at": row.occurred_at,
        "due_at": row.due_at,
        "is_overdue": not row.verdict and row.due_at < timezone.now(),
        "assigned": called(row.assigned_to),
        "verdict": row.verdict,
        "verdict_label": row.get_verdict_display(),
        "decided_at": row.decided_at,
        "decided_by": called(row.decided_by),
        "told_way": row.get_told_way_display(),
        "told_at": row.patient_told_at,
    }


def find(review_id: UUID) -> Review:
    """Return one review; raise Review.DoesNotExist."""
    rows = Review.objects.select_related("assigned_to", "decided_by")
    row: Review = rows.get(pk=review_id)
    return row


def in_full(user: User, row: Review) -> dict[str, Any]:
    """Return one review with the reason that was given and everything that was opened meanwhile."""
    event = Event.objects.filter(pk=row.event_id).first()
    kept = persons.register().kept_from([user.pk], [row.subject_id])
    is_own = row.actor_id == user.pk or bool(kept)
    emergency = None
    # What was said is kept from who must stay out of the record, as the record is.
    if event is not None and event.object_id is not None and manages(user) and not is_own:
        emergency = persons.register().emergency(event.object_id)
    try:
        finding = "" if is_own else row.finding
    except SealBroken:
        finding = None
    return _rows(user, [row])[0] | {
        "emergency": emergency,
        "minutes": event.counts.get("minutes") if event else None,
        "opened": _opened(row, event) if event else [],
        "finding": finding,
        "is_own": is_own,
        "cases": list(row.cases.order_by("opened_at").values("pk", "number", "closed_at")),
    }


def manages(user: User) -> bool:
    """Tell whether somebody decides about reviews."""
    return reach_of_user(user, Permission.INCIDENTS_MANAGE) is not Reach.NONE


def _opened(row: Review, glass: Event) -> list[dict[str, Any]]:
    """Return what that person did with that record in that session, until the emergency was over."""
    ends = Event.objects.filter(
        action="patients.glass.ended",
        object_id=glass.object_id,
        object_label=glass.object_label,
    )
    ended_at = ends.values_list("recorded_at", flat=True).first()
    until = ended_at or glass.recorded_at + timedelta(minutes=glass.counts.get("minutes", 240))
    events = Event.objects.by_actor(row.actor_id).about(row.subject_id)
    events = events.filter(
        session_ref=glass.session_ref,
        recorded_at__gte=glass.recorded_at,
        recorded_at__lte=min(until, glass.recorded_at + LONGEST),
    ).exclude(pk=glass.pk)
    found = events.defer("detail").order_by("recorded_at", "pk")[:MOST_EVENTS]
    return [
        {
            "id": event.pk,
            "at": event.recorded_at,
            "what": actions.sentence(event.action),
            "parts": parts.of(name for name in event.fields if name.count(".") > 1),
            "fields": event.fields,
        }
        for event in found
        if not _is_own_words(event, glass)
    ]


def _is_own_words(event: Event, glass: Event) -> bool:
    """Tell whether nothing but the reason was read that the person had just written down."""
    own = f"{glass.object_label}."
    return bool(event.fields) and all(name.startswith(own) for name in event.fields)
