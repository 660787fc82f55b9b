"""Conversations with patients: begun, answered, given to somebody, handed over, done, taken up again.

The deeds serve both sides: `by` is a colleague, or the account of the patient or of who represents one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Thread, ThreadMessage, ThreadParticipant
from engagement.services import attachments, thread_notices
from engagement.services.attachments import Incoming, Kept
from engagement.services.thread_rows import (
    MOST_SUBJECT,
    READ,
    WRITE,
    ClosedBefore,
    DoesNotAnswer,
    Kind,
    NoInbox,
    NotAllowed,
    SaysNothing,
    State,
    TooLong,
    WroteMeanwhile,
    append,
    check,
    inbox,
    lock_patient,
    locked,
    patient_of,
    record_step,
    refuse_outsider,
    refuse_stale,
    refuse_unless_answering,
    said,
    take_part,
    touch,
    write,
)
from security.models import User

__all__ = [
    "ClosedBefore",
    "DoesNotAnswer",
    "NoInbox",
    "NotAllowed",
    "SaysNothing",
    "TooLong",
    "WroteMeanwhile",
]
Code = ThreadMessage.Code


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody writes: words, files, or both."""

    text: str = ""
    files: Sequence[Incoming] = field(default=())

    def checked(self) -> str:
        """Return the text; raise SaysNothing where there are neither words nor files."""
        return "" if self.files and not self.text.strip() else said(self.text)


def begin(*, patient_id: UUID, unit_id: UUID, subject: str, words: Words, by: User) -> Thread:
    """Begin a conversation in an inbox; raise NotAllowed, NoInbox, SaysNothing, TooLong, NotAccepted."""
    check(patient_id, by, READ, WRITE)
    text, subject = words.checked(), said(subject, most=MOST_SUBJECT)
    with attachments.taken_in(words.files, patient_id, by) as kept:
        return _begin(patient_id, unit_id, subject, text, kept, by=by)


@transaction.atomic
def _begin(
    patient_id: UUID, unit_id: UUID, subject: str, text: str, kept: Sequence[Kept], *, by: User
) -> Thread:
    patient = lock_patient(patient_id)
    row = Thread(patient=patient, unit=inbox(unit_id), opened_by=by, subject=subject)
    _turn(row, by)
    touch(row)
    row.save()
    line, rows = _said(row, text, kept, by)
    record_step("engagement.thread.opened", row, line, *rows, by=by)
    return row


def reply(*, thread_id: UUID, words: Words, after: UUID | None = None, by: User) -> ThreadMessage:
    """Write to the other side; what was done is taken up again. `after` names the last line that was shown.

    Raises NotAllowed, SaysNothing, TooLong, WroteMeanwhile, NotAccepted.
    """
    patient_id = patient_of(thread_id, by)
    check(patient_id, by, READ, WRITE)
    text = words.checked()
    with attachments.taken_in(words.files, patient_id, by) as kept:
        return _reply(thread_id, text, kept, after, by=by)


@transaction.atomic
def _reply(
    thread_id: UUID, text: str, kept: Sequence[Kept], after: UUID | None, *, by: User
) -> ThreadMessage:
    row = locked(thread_id, by)
    refuse_stale(row, after, by)
    _turn(row, by)
    touch(row)
    write(row)
    line, rows = _said(row, text, kept, by)
    record_step("engagement.message.sent", row, line, *rows, by=by)
    return line


def _turn(row: Thread, by: User) -> None:
    """Pass the turn to the other side."""
    now = timezone.now()
    row.done_at = row.done_by = None
    if by.kind == User.Kind.PATIENT:
        row.state, row.waiting_since = State.US, row.waiting_since or now
        row.asked_at = row.asked_at or now
        return
    row.state, row.waiting_since, row.escalated_at = State.PATIENT, None, None
    row.assignee = row.assignee or by
    if row.asked_at and not row.answered_at:
        row.answered_at = now


def _said(
    row: Thread, text: str, kept: Sequence[Kept], by: User
) -> tuple[ThreadMessage, list[Model]]:
    """Write the line of what was said with its files, and tell the other side that it waits."""
    told = ""
    if by.kind == User.Kind.PATIENT:
        kind = Kind.PATIENT
        thread_notices.tell_colleague(row.assignee, by)
    else:
        kind = Kind.TEAM
        told = thread_notices.tell_patient(row, by)
    line = append(row, kind, by, text, told_by=told)
    return line, [*attachments.add(line, kept), take_part(row, by, by=by)]


@transaction.atomic
def note(*, thread_id: UUID, text: str, by: User) -> ThreadMessage:
    """Note something for colleagues; the patient's side does not see it."""
    refuse_outsider(by)
    row = locked(thread_id, by)
    line = append(row, Kind.NOTE, by, said(text))
    record_step("engagement.thread.noted", row, line, take_part(row, by, by=by), by=by)
    return line


@transaction.atomic
def assign(*, thread_id: UUID, to: User | None, by: User) -> Thread:
    """Give a conversation to a colleague, or to nobody in particular; tell the colleague."""
    refuse_outsider(by)
    row = locked(thread_id, by)
    if row.state == State.DONE:
        raise ClosedBefore(_("This conversation is done. Take it up again first."))
    changed: list[Model] = []
    if to is not None:
        refuse_unless_answering(to, row.patient_id)
        changed.append(take_part(row, to, by=by))
    row.assignee = to
    code = Code.TAKEN_BACK if to is None else Code.ASSIGNED
    changed.append(append(row, Kind.STEP, by, code=code, to_user=to))
    write(row)
    record_step("engagement.thread.assigned", row, *changed, by=by, others=(to.pk,) if to else ())
    thread_notices.tell_colleague(to, by)
    return row


@transaction.atomic
def hand_over(
    *, thread_id: UUID, to: User | None = None, unit_id: UUID | None = None, why: str, by: User
) -> Thread:
    """Hand a conversation over to a colleague, another inbox, or both, with the reason; tell who it is."""
    refuse_outsider(by)
    row = locked(thread_id, by)
    if row.state == State.DONE:
        raise ClosedBefore(_("This conversation is done. Take it up again first."))
    if to is None and unit_id in (None, row.unit_id):
        raise SaysNothing(_("Say to whom, or to which inbox."))
    changed: list[Model] = []
    if to is not None:
        refuse_unless_answering(to, row.patient_id)
        changed.append(take_part(row, to, by=by))
    if unit_id is not None:
        row.unit = inbox(unit_id)
    row.assignee = to
    line = append(
        row, Kind.STEP, by, said(why), code=Code.HANDED_OVER, to_user=to, to_unit=row.unit
    )
    write(row)
    changed += [line, take_part(row, by, by=by)]
    record_step("engagement.thread.handed_on", row, *changed, by=by, others=(to.pk,) if to else ())
    thread_notices.tell_colleague(to, by)
    return row


@transaction.atomic
def done(*, thread_id: UUID, after: UUID | None = None, by: User) -> Thread:
    """Mark a conversation as done, from either side; what is written later takes it up again."""
    row = locked(thread_id, by)
    if row.state == State.DONE:
        raise ClosedBefore(_("This conversation was done before."))
    refuse_stale(row, after, by)
    row.state, row.done_at, row.done_by = State.DONE, timezone.now(), by
    row.waiting_since = row.escalated_at = None
    write(row)
    line = append(row, Kind.STEP, by, code=Code.DONE)
    record_step("engagement.thread.closed", row, line, take_part(row, by, by=by), by=by)
    return row


@transaction.atomic
def reopen(*, thread_id: UUID, by: User) -> Thread:
    """Take up again what was done: it waits for the clinic."""
    row = locked(thread_id, by)
    if row.state != State.DONE:
        return row
    row.state, row.waiting_since, row.done_at, row.done_by = State.US, timezone.now(), None, None
    write(row)
    line = append(row, Kind.STEP, by, code=Code.REOPENED)
    record_step("engagement.thread.reopened", row, line, take_part(row, by, by=by), by=by)
    return row


@transaction.atomic
def read(*, thread_id: UUID, by: User) -> None:
    """Note how far somebody read a conversation, where there is anything new."""
    patient_id = patient_of(thread_id, by)
    check(patient_id, by, READ)
    row = Thread.objects.defer("sealed").get(pk=thread_id)
    mine = ThreadParticipant.objects.select_for_update(of=("self",)).filter(thread=row, user=by)
    found = mine.first() or ThreadParticipant(patient_id=patient_id, thread=row, user=by)
    if found.read_at is not None and found.read_at >= row.last_at:
        return
    found.read_at = timezone.now()
    if found._state.adding:
        found.save()
    else:
        found.save(update_fields=["read_at"])
    record_step("engagement.thread.read", row, found, by=by)
