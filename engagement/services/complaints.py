"""Complaints: noted with a number and a day, given to somebody, answered with a finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons, working_days
from consent import clocks
from engagement.models import Complaint
from engagement.models.complaint import Way
from engagement.queries import complaints as reads
from patients.services import series
from security import trail
from security.access.gate import Refused
from security.models import User
from security.services import notices

Kind, Theme, Outcome, AnswerWay = (
    Complaint.Kind,
    Complaint.Theme,
    Complaint.Outcome,
    Complaint.AnswerWay,
)
MOST_LETTERS = 10_000
BATCH = 200


class SaysNothing(Refused):
    """A complaint, an extension and an answer are told in words."""


class NotInTime(Refused):
    """Nothing was received tomorrow."""


class Closed(Refused):
    """The case is closed, or changed by somebody else meanwhile."""


class NotForComplaints(Refused):
    """The colleague does not work on complaints, or not on this one."""


class OnceOnly(Refused):
    """The time of a case is extended once, before it is over."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said, how and when it came in, about whom, and where an answer goes."""

    way: str
    words: str
    kind: str
    theme: str
    patient_id: UUID | None = None
    contact: str = ""
    received_at: datetime | None = None
    answer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a case ends: the outcome, what was found, what the person was told and how."""

    outcome: str
    finding: str
    answer: str
    answer_way: str


def due_on(received_at: datetime, number: int) -> date:
    """Return the day on which so many working days are over, by the clinic's calendar."""
    day = clocks.local_day(received_at, working_days.zone())
    return clocks.working_day(day, number, working_days.days())


@transaction.atomic
def note(*, said: Said, by: User | None) -> Complaint:
    """Note what somebody said, number it and start its clock."""
    received_at = said.received_at or timezone.now()
    if received_at > timezone.now():
        raise NotInTime(_("This can not have been received in the future."))
    if said.way not in Way.values or said.kind not in Kind.values or said.theme not in Theme.values:
        raise SaysNothing(_("Say what it is and how it came in."))
    number = series.take(key="engagement.complaint")
    row = Complaint(
        number=f"C-{timezone.localdate().year}-{number:04d}", way=said.way, kind=said.kind,
        theme=said.theme, patient_id=said.patient_id, received_at=received_at, noted_by=by,
        due_on=due_on(received_at, settings.COMPLAINT_DAYS), answer_id=said.answer_id,
        words=_words(said.words), contact=said.contact.strip(),
    )  # fmt: skip
    row.save()
    _record("engagement.complaint.noted", row, by)
    return row


@transaction.atomic
def assign(
    *, complaint_id: UUID, version: int, to: User, kind: str, theme: str, by: User
) -> Complaint:
    """Give a case to whoever works on it, and say what it is about."""
    row = _open(complaint_id, version, by)
    if not reads.may_own(to):
        raise NotForComplaints(_("This colleague does not work on complaints."))
    _refuse_own(row, to)
    if kind not in Kind.values or theme not in Theme.values:
        raise SaysNothing(_("Say what it is about."))
    row.owner, row.kind, row.theme = to, kind, theme
    _write(row)
    _record("engagement.complaint.assigned", row, by, to.pk)
    return row


@transaction.atomic
def extend(*, complaint_id: UUID, version: int, reason: str, by: User) -> Complaint:
    """Take the longer time that a case with several departments has, once, with its reason."""
    row = _open(complaint_id, version, by)
    today = clocks.local_day(timezone.now(), working_days.zone())
    if row.extended_at is not None or today > row.due_on:
        raise OnceOnly(_("The time is extended once, before it is over."))
    row.extension, row.extended_at = _words(reason), timezone.now()
    row.due_on = due_on(row.received_at, settings.COMPLAINT_DAYS_LONG)
    _write(row)
    _record("engagement.complaint.extended", row, by)
    return row


@transaction.atomic
def close(*, complaint_id: UUID, version: int, resolution: Resolution, by: User) -> Complaint:
    """Close a case with its finding and its answer; praise may end with no answer at all."""
    row = _open(complaint_id, version, by)
    if resolution.outcome not in Outcome.values or resolution.answer_way not in AnswerWay.values:
        raise SaysNothing(_("Say how it ends and how the person was told."))
    row.outcome, row.answer_way = resolution.outcome, resolution.answer_way
    row.finding = _words(resolution.finding)
    is_silent = resolution.answer_way == AnswerWay.NONE
    row.answer = resolution.answer.strip() if is_silent else _words(resolution.answer)
    row.closed_at, row.closed_by = timezone.now(), by
    _write(row)
    _record("engagement.complaint.closed", row, by)
    return row


@transaction.atomic
def tell_late() -> int:
    """Tell the owners of cases that are late, once of each; of those without, whoever could own them."""
    today = clocks.local_day(timezone.now(), working_days.zone())
    waiting = Complaint.objects.open().filter(due_on__lt=today, told_late_at=None)
    locked = waiting.order_by("due_on", "pk").select_for_update(of=("self",), skip_locked=True)
    rows = list(locked[:BATCH])
    if not rows:
        return 0
    for row in rows:
        row.told_late_at = timezone.now()
        _write(row)
    people = {row.patient_id for row in rows if row.patient_id}
    trail.record(
        "engagement.complaint.reminded",
        subjects=people,
        changed=rows,
        counts={"complaints": len(rows)},
    )
    owners = {row.owner_id for row in rows if row.owner_id}
    told = User.objects.filter(pk__in=owners).active()
    if any(row.owner_id is None for row in rows):
        told = told | reads.owners()
    for user in told.order_by("pk").distinct():
        notices.complaint_late(user=user)
    return len(rows)


def _open(complaint_id: UUID, version: int, by: User) -> Complaint:
    row: Complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    if row.closed_at is not None:
        raise Closed(_("This case is closed."))
    if row.version != version:
        raise Closed(_("Somebody changed this case meanwhile. Look at it again."))
    _refuse_own(row, by)
    return row


def _refuse_own(row: Complaint, user: User) -> None:
    """Refuse who would work on what the own record or that of close family is named in."""
    if row.patient_id and persons.register().kept_from([user.pk], [row.patient_id]):
        raise NotForComplaints(
            _("This is the own record or that of close family; a colleague works on it.")
        )


def _words(text: str) -> str:
    said = text.strip()
    if not said or len(said) > MOST_LETTERS:
        raise SaysNothing(_("Say it in words, in at most 10,000 characters."))
    return said


def _write(row: Complaint) -> None:
    row.advance()
    row.save()


def _record(action: str, row: Complaint, by: User | None, *others: UUID) -> None:
    about = [row.patient_id] if row.patient_id else []
    trail.record(action, subjects=[*about, *others], changed=[row], obj=row, by=by)
