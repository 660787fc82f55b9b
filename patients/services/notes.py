"""Notes: written, signed once, then only added to; a mistaken one is marked, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Draft, Note, NoteAddendum, Patient
from patients.services import drafts, versions
from security import context, trail
from security.access.gate import Refused
from security.models import User
from security.sealing import SealBroken

FORM, ADDENDUM = "note", "addendum"
RESTRICTED = Note.Confidentiality.RESTRICTED


class NotTheAuthor(Refused):
    """Somebody wants to change what another person wrote."""


class Final(Refused):
    """The note was signed or marked as mistaken; it does not change any more."""


class NotSigned(Refused):
    """Only a signed note is added to."""


class Unsaved(Refused):
    """The author typed more than was saved: signing would leave it out."""


@transaction.atomic
def write(
    *,
    patient_id: UUID,
    template: str,
    title: str,
    sections: Mapping[str, str],
    occurred_at: datetime,
    is_restricted: bool,
    by: User,
) -> Note:
    """Write a new note of one's own, not signed yet; a protected one is sealed as such from the start."""
    row = Note(
        patient_id=patient_id,
        author=by,
        template=template,
        occurred_at=occurred_at,
        title=title,
        sections=dict(sections),
    )
    if is_restricted:
        row.confidentiality = RESTRICTED
        row.conceal()
    row.save()
    _touch(patient_id)
    trail.record("patients.note.written", subjects=[patient_id], changed=[row], obj=row, by=by)
    drafts.drop(form=FORM, patient_id=patient_id, by=by)
    return row


@transaction.atomic
def edit(*, note_id: UUID, version: int, changes: Mapping[str, Any], by: User) -> Note:
    """Change one's own note before it is signed; what stood there is kept."""
    _own(note_id, version=version, by=by)
    row: Note = versions.correct(
        model=Note,
        row_id=note_id,
        version=version,
        changes=changes,
        reason="",
        action="patients.note.edited",
        by=by,
    )
    drafts.drop(form=FORM, patient_id=row.patient_id, target_id=note_id, by=by)
    return row


@transaction.atomic
def settle(*, note_id: UUID, by: User) -> None:
    """End the draft of a note that says what is stored already."""
    row = Note.objects.only("patient_id", "version", "restricted_version").get(pk=note_id)
    drafts.drop(form=FORM, patient_id=row.patient_id, target_id=note_id, by=by)


@transaction.atomic
def sign(*, note_id: UUID, version: int, by: User) -> Note:
    """Sign one's own note as it was read; it is final from now on."""
    row = _own(note_id, version=version, by=by)
    typed = Draft.objects.of_form(by, form=FORM, patient_id=row.patient_id, target_id=note_id)
    if typed.exists():
        raise Unsaved(_("You typed something into this note and did not save it. Save it first."))
    kept = versions.keep(row=row, reason="", by=by)
    row.status, row.signed_at, row.signed_by = Note.Status.SIGNED, timezone.now(), by
    row.advance()
    row.save()
    _touch(row.patient_id)
    _tell("patients.note.signed", row, changed=[row, kept], by=by)
    return row


@transaction.atomic
def amend(*, note_id: UUID, text: str, by: User) -> NoteAddendum:
    """Add to a signed note; the addendum is signed by its writer at once, the note stays as it is."""
    note = Note.objects.select_for_update(of=("self",), no_key=True).get(pk=note_id)
    if note.status != Note.Status.SIGNED:
        raise NotSigned(_("Only a signed note is added to."))
    if (sent := _sent_before(note, text, by)) is not None:
        return sent
    row = NoteAddendum(
        patient_id=note.patient_id, note=note, author=by, occurred_at=timezone.now(), text=text
    )
    if note.is_protected:
        row.confidentiality = RESTRICTED
        row.conceal()
    row.save()
    _touch(note.patient_id)
    _tell("patients.note.amended", note, changed=[row], by=by)
    for form in (FORM, ADDENDUM):
        drafts.drop(form=form, patient_id=note.patient_id, target_id=note_id, by=by)
    return row


def _sent_before(note: Note, text: str, by: User) -> NoteAddendum | None:
    """Return the person's last addendum if it says the same: the form came twice, and two are not meant."""
    row = NoteAddendum.objects.filter(note=note, author=by).order_by("-occurred_at", "-pk").first()
    if row is None:
        return None
    with context.matching():
        try:
            if row.is_protected:
                row.uncover()
            return row if row.text == text else None
        except SealBroken:
            return None


@transaction.atomic
def mark_mistaken(*, note_id: UUID, version: int, reason: str, by: User) -> Note:
    """Mark one's own note as entered in error; it stays readable, with the reason on it."""
    try:
        row: Note = versions.locked(Note, note_id, version=version)
    except versions.Conflict as conflict:
        _require_author(conflict.row, by)
        raise
    _require_author(row, by)
    if row.status == Note.Status.MISTAKEN:
        raise Final(_("This note is marked as entered in error already."))
    if row.is_protected:
        row.uncover()
    kept = versions.keep(row=row, reason=reason, by=by)
    row.status, row.mistake = Note.Status.MISTAKEN, reason
    if row.is_protected:
        row.conceal()
    row.advance()
    row.save()
    _tell("patients.note.marked_mistaken", row, changed=[row, kept], reason=reason, by=by)
    return row


def _own(note_id: UUID, *, version: int, by: User) -> Note:
    """Lock an unsigned note of a person's own in the version that was read."""
    try:
        row: Note = versions.locked(Note, note_id, version=version)
    except versions.Conflict as conflict:
        _require_author(conflict.row, by)
        _require_open(conflict.row)
        raise
    _require_author(row, by)
    _require_open(row)
    return row


def _require_author(row: Note, by: User) -> None:
    if row.author_id != by.pk:
        raise NotTheAuthor(_("Only the author changes a note."))


def _require_open(row: Note) -> None:
    if row.status != Note.Status.OPEN:
        raise Final(_("This note is final. Add an addendum instead; what you typed is kept."))


def _touch(patient_id: UUID) -> None:
    """Let the patient stand at the top of the lists that go by activity."""
    Patient.objects.filter(pk=patient_id).update(last_activity_at=timezone.now())


def _tell(action: str, row: Note, *, by: User, reason: str = "", **rows: Any) -> None:
    trail.record(action, subjects=[row.patient_id], obj=row, reason=reason, by=by, **rows)
