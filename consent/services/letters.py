"""Letters about requests: written with each step, set on paper once, and noted as sent."""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent import printing
from consent.models import RightsLetter, RightsRequest
from consent.queries import calendar, letter_words
from consent.services.request_rows import refuse_own
from patients.models import Patient
from patients.names import display
from security import trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User
from security.people import called
from security.sealing import SealBroken
from security.services import notices

Way = RightsLetter.Way


class SentBefore(Refused):
    """A letter goes out in one way, once."""


class NoAccount(Refused):
    """There is no account with an address to tell."""


def write(row: RightsRequest, *, kind: str, by: User | None) -> RightsLetter:
    """Keep the words of a letter about a request, in the caller's transaction and event."""
    here = calendar.here()
    letter = RightsLetter(
        request=row, kind=kind, language=row.language, subject_id=row.subject_id,
        subject_of=row.subject_of, patient_id=row.patient_id, made_by=by,
        content=letter_words.of(row, kind, here),
    )  # fmt: skip
    letter.save()
    return letter


@transaction.atomic
def print_out(*, letter_id: UUID, by: User) -> bytes:
    """Return the paper of a letter: set once with whom it goes to, and the same ever after."""
    rows = RightsLetter.objects.select_for_update(of=("self",)).select_related("request")
    letter = rows.get(pk=letter_id)
    refuse_own(letter.request, by)
    if letter.paper:
        trail.record("consent.letter.printed", subjects=[letter.subject_id], obj=letter, by=by)
        return base64.b64decode(letter.paper)
    with translation.override(letter.language):
        paper = printing.pdf("letter", {**(letter.content or {}), "to": _to(letter.request)})
    letter.paper = base64.b64encode(paper).decode()
    letter.sha256 = hashlib.sha256(paper).hexdigest()
    letter.advance()
    letter.save()
    trail.record(
        "consent.letter.printed", subjects=[letter.subject_id], changed=[letter], obj=letter, by=by
    )
    return paper


def _to(row: RightsRequest) -> list[str]:
    """Return the lines of whom a letter goes to: who asked, else the person; then the address."""
    name = row.asker or ""
    if not name and row.patient_id is not None:
        name = _name(Patient._base_manager.get(pk=row.patient_id))
    if not name and row.subject_of == SubjectKind.USER:
        name = called(User.objects.get(pk=row.subject_id))
    return [line for line in [name, *(row.address or "").splitlines()] if line.strip()]


def _name(patient: Patient) -> str:
    try:
        return display(patient.names)
    except SealBroken:
        # Of whom was erased no name is left; the address that was given with the request is.
        return ""


@transaction.atomic
def send(*, letter_id: UUID, version: int, way: str, by: User) -> RightsLetter:
    """Note that a letter was handed over or posted, or tell the account by e-mail that it waits."""
    rows = RightsLetter.objects.select_for_update(of=("self",)).select_related("request")
    letter = rows.get(pk=letter_id)
    refuse_own(letter.request, by)
    if letter.way or letter.version != version or way not in Way.values:
        raise SentBefore(_("Somebody noted this letter as sent meanwhile. Look at it again."))
    if way == Way.EMAILED and not _told(letter, by):
        raise NoAccount(_("There is no account with an address. Hand the letter over or post it."))
    letter.way, letter.sent_at, letter.sent_by = way, timezone.now(), by
    letter.advance()
    letter.save()
    trail.record(
        "consent.letter.sent", subjects=[letter.subject_id], changed=[letter], obj=letter, by=by
    )
    return letter


def _told(letter: RightsLetter, by: User) -> bool:
    if letter.subject_of == SubjectKind.USER:
        account = User.objects.filter(pk=letter.subject_id).first()
    else:
        account = persons.register().account_of(letter.subject_id)
    return account is not None and notices.answer_waits(user=account, by=by)
