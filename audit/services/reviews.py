"""Reviews of emergency accesses: made from the trail, assigned, decided by another, told to the patient."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons, working_days
from audit.models import Event, Review
from audit.queries import officers
from audit.services import notices
from security import trail
from security.access.gate import Refused
from security.models import User

GLASS = "patients.glass.opened"
BATCH = 200
# One number for everybody who makes reviews.
LOCK = 0x4355_5374_0005
Verdict = Review.Verdict
BY_RECEPTION = (Review.Way.POST, Review.Way.HAND, Review.Way.TALK)


class OwnAccess(Refused):
    """Nobody reviews the own emergency access, nor one of close family's record."""


class Decided(Refused):
    """The review has a verdict."""


class NotAReviewer(Refused):
    """The colleague does not review accesses."""


class NothingFound(Refused):
    """A verdict says what was found."""


class NotUntold(Refused):
    """The patient was told, or is told by another way."""


@transaction.atomic
def gather() -> int:
    """Make a review of each emergency access that has none, oldest first; return how many were made.

    One batch, one statement, one event; a second worker meanwhile finds the work taken and does nothing.
    """
    if not _is_alone():
        return 0
    there = Review.objects.filter(event_id=OuterRef("pk"))
    missing = Event.objects.filter(
        ~Exists(there),
        action=GLASS,
        outcome=Event.Outcome.SUCCESS,
        actor_id__isnull=False,
        subjects__len__gt=0,
    )
    found = list(missing.order_by("recorded_at")[:BATCH])
    if not found:
        return 0
    where, calendar = working_days.zone(), working_days.days()
    rows = Review.objects.bulk_create(
        Review(
            event_id=event.pk,
            actor_id=cast(UUID, event.actor_id),
            subject_id=event.subjects[0],
            occurred_at=event.recorded_at,
            due_at=working_days.due(event.recorded_at, where, calendar),
        )
        for event in found
    )
    people = {row.subject_id for row in rows}
    trail.record("audit.review.opened", subjects=people, changed=rows, counts=_count(rows))
    return len(rows)


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


@transaction.atomic
def escalate() -> int:
    """Tell every reviewer, once, of accesses that nobody reviewed within a working day."""
    late = Review.objects.overdue().filter(escalated_at__isnull=True).order_by("due_at")
    rows = list(late.select_for_update(of=("self",), skip_locked=True)[:BATCH])
    if not rows:
        return 0
    now = timezone.now()
    for row in rows:
        row.escalated_at = now
        _write(row)
    people = {row.subject_id for row in rows}
    trail.record("audit.review.escalated", subjects=people, changed=rows, counts=_count(rows))
    actors = {row.actor_id for row in rows}
    for officer in officers.reviewers():
        # Whose own access waits is not the one to be reminded, unless another one waits as well.
        if actors - {officer.pk}:
            notices.review_overdue(to=officer)
    return len(rows)


@transaction.atomic
def assign(*, review_id: UUID, to: User, by: User) -> Review:
    """Give a review to one officer; never to whoever opened the chart, nor to close family."""
    row = _open(review_id)
    _refuse_if_own(row, to)
    _refuse_if_own(row, by)
    if not officers.may_review(to):
        raise NotAReviewer(_("This colleague does not review accesses."))
    row.assigned_to = to
    _write(row)
    trail.record(
        "audit.review.assigned",
        subjects=[row.subject_id, to.pk],
        changed=[row],
        obj=row,
        by=by,
    )
    return row


@transaction.atomic
def decide(*, review_id: UUID, verdict: str, finding: str, by: User) -> Review:
    """Close a review with a verdict and what was found; the patient is told, without what it was about."""
    row = _open(review_id)
    _refuse_if_own(row, by)
    if verdict not in Verdict.values or not finding.strip():
        raise NothingFound(_("Choose a verdict and say what you found."))
    row.verdict, row.finding = verdict, finding.strip()
    row.decided_at, row.decided_by = timezone.now(), by
    _tell(row, by)
    _write(row)
    trail.record(
        "audit.review.decided",
        subjects=[row.subject_id, row.actor_id],
        changed=[row],
        obj=row,
        by=by,
    )
    return row


def _tell(row: Review, by: User) -> None:
    account = persons.register().account_of(row.subject_id)
    if account is not None and notices.record_opened(to=account, by=by):
        row.told_way, row.patient_told_at = Review.Way.EMAIL, timezone.now()
    else:
        row.told_way = Review.Way.DESK


@transaction.atomic
def told(*, review_id: UUID, way: str, by: User) -> Review:
    """Keep that reception told the patient, and how: a letter posted or handed over, or in person."""
    row = _untold(review_id, by)
    if way not in BY_RECEPTION:
        raise NotUntold(_("Say in which way the patient was told."))
    row.told_way, row.patient_told_at = way, timezone.now()
    _write(row)
    trail.record(
        "audit.review.patient_told",
        subjects=[row.subject_id],
        changed=[row],
        obj=row,
        fields=[f"audit.review.told_way:{way}"],
        by=by,
    )
    return row


@transaction.atomic
def print_letter(*, review_id: UUID, language: str, by: User) -> Review:
    """Record that the letter to a patient without an account is printed; what it says is recorded nowhere."""
    row = _untold(review_id, by)
    trail.record(
        "audit.letter.printed",
        subjects=[row.subject_id],
        obj=row,
        fields=[f"language:{language}"],
        by=by,
    )
    return row


def _untold(review_id: UUID, by: User) -> Review:
    row: Review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    if not row.waits_for_reception:
        raise NotUntold(_("This patient has been told already."))
    _refuse_if_own(row, by)
    return row


def _open(review_id: UUID) -> Review:
    row: Review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    if row.verdict:
        raise Decided(_("This access was reviewed before."))
    return row


def _refuse_if_own(row: Review, user: User) -> None:
    if row.actor_id == user.pk:
        raise OwnAccess(_("Nobody reviews the own emergency access."))
    if persons.register().kept_from([user.pk], [row.subject_id]):
        raise OwnAccess(
            _("This is the own record or that of close family; a colleague looks at it.")
        )


def _write(row: Review) -> None:
    row.advance()
    row.save()


def _count(rows: Collection[Review]) -> dict[str, int]:
    return {"reviews": len(rows)}
