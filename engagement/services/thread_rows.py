"""How the deeds on conversations find, check and write: who may, whose it is, locked in one order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons
from engagement.models import Thread, ThreadMessage, ThreadParticipant
from engagement.queries import inboxes, threads
from patients.models import Patient
from security import trail
from security.access.decision import decide, purposes_of, stated_purpose
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import Unit, User

MOST_LETTERS = 10_000
MOST_SUBJECT = 120
READ, WRITE = Permission.MESSAGES_READ, Permission.MESSAGES_WRITE
Kind, State = ThreadMessage.Kind, Thread.State


class NotAllowed(Refused):
    """The person may not read or write messages of this patient."""


class SaysNothing(Refused):
    """A message needs words or a file, and a conversation its subject."""


class TooLong(Refused):
    """What is said is longer than anybody reads."""


class WroteMeanwhile(Refused):
    """Somebody else wrote since the conversation was shown."""


class NoInbox(Refused):
    """Nobody answers messages there."""


class DoesNotAnswer(Refused):
    """The colleague does not answer messages, or must stay out of this record."""


class ClosedBefore(Refused):
    """The conversation is done."""


def check(patient_id: UUID, by: User, *permissions: Permission) -> None:
    """Refuse who may not do with this patient's messages what is asked."""
    usual = next(iter(purposes_of(by)), "")
    purpose = stated_purpose(by) or str(usual)
    for permission in permissions:
        made = decide(by, permission, patient_id, purpose)
        # How fresh the factor must be the gate of the page asked already.
        if not (made.allowed or made.step_up):
            raise NotAllowed(made.reason)


def patient_of(thread_id: UUID, by: User) -> UUID:
    """Return whose conversation it is; raise Thread.DoesNotExist where the person may not see it."""
    found: UUID = threads.visible(by).values_list("patient_id", flat=True).get(pk=thread_id)
    return found


def lock_patient(patient_id: UUID) -> Patient:
    """Wait for who merges or erases this record, and keep them waiting."""
    rows = Patient.objects.select_for_update(of=("self",), no_key=True)
    patient: Patient = rows.get(pk=patient_id, merged_into__isnull=True)
    return patient


def locked(thread_id: UUID, by: User) -> Thread:
    """Lock a conversation that this person may read and write in; the patient's record first."""
    patient_id = patient_of(thread_id, by)
    check(patient_id, by, READ, WRITE)
    patient = lock_patient(patient_id)
    rows = threads.visible(by).select_for_update(of=("self",))
    row: Thread = rows.get(pk=thread_id, patient_id=patient_id)
    row.patient = patient
    return row


def refuse_outsider(by: User) -> None:
    """Refuse whom the clinic's own steps are none of the business of."""
    if by.kind != User.Kind.STAFF:
        raise NotAllowed(_("Only the clinic may do this."))


def said(text: str, *, most: int = MOST_LETTERS) -> str:
    """Return a text without the space around it; raise SaysNothing or TooLong."""
    words = text.strip()
    if not words:
        raise SaysNothing(_("Write something first."))
    if len(words) > most:
        raise TooLong(_("This is longer than %(most)d characters.") % {"most": most})
    return words


def inbox(unit_id: UUID) -> Unit:
    """Return an inbox that somebody answers."""
    found = next((one for one in inboxes.units() if one.pk == unit_id), None)
    if found is None:
        raise NoInbox(_("Nobody answers messages in this inbox."))
    return found


def refuse_unless_answering(user: User, patient_id: UUID) -> None:
    """Refuse a colleague who does not answer messages, or must stay out of this record."""
    if not inboxes.answering().filter(pk=user.pk).exists():
        raise DoesNotAnswer(_("This colleague does not answer messages."))
    if persons.register().kept_from([user.pk], [patient_id]):
        raise DoesNotAnswer(_("This colleague has to stay out of this record."))


def refuse_stale(row: Thread, after: UUID | None, by: User) -> None:
    """Refuse words that answer what is not the last any more, so that nobody is answered twice."""
    if after is None:
        return
    last = row.messages.exclude(kind=Kind.STEP).order_by("-written_at", "-pk").first()
    if last is not None and last.pk != after and last.author_id != by.pk:
        raise WroteMeanwhile(
            _("Somebody wrote here meanwhile. Look at it first; your words are still there.")
        )


def append(row: Thread, kind: str, by: User | None, text: str = "", **more: Any) -> ThreadMessage:
    """Write one line of a conversation."""
    line = ThreadMessage(
        patient_id=row.patient_id, thread=row, kind=kind, author=by, text=text, **more
    )
    line.save()
    return line


def take_part(row: Thread, user: User, *, by: User) -> ThreadParticipant:
    """Let somebody take part in a conversation; who does so by writing has read it."""
    read_at = timezone.now() if user.pk == by.pk else None
    found = ThreadParticipant.objects.filter(thread=row, user=user).first()
    if found is None:
        about = {"patient_id": row.patient_id, "thread": row, "user": user}
        found = ThreadParticipant(**about, takes_part=True, read_at=read_at)
        found.save()
        return found
    found.read_at = read_at or found.read_at
    if found.takes_part:
        found.save(update_fields=["read_at"])
        return found
    found.takes_part = True
    found.advance()
    found.save()
    return found


def write(row: Thread) -> None:
    """Write a changed conversation as its next version."""
    row.advance()
    row.save()


def touch(row: Thread) -> None:
    """Note that something was said in a conversation now."""
    row.last_at = row.patient.last_activity_at = timezone.now()
    row.patient.save(update_fields=["last_activity_at"])


def record_step(
    action: str, row: Thread, *changed: models.Model, by: User | None, others: tuple[UUID, ...] = ()
) -> None:
    """Record one step of a conversation."""
    trail.record(
        action, subjects=[row.patient_id, *others], changed=[row, *changed], obj=row, by=by
    )
