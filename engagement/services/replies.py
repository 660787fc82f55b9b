"""Answers of people to messages: STOP, C and X are done at once, everything else waits for a reader."""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Appointment, Reminder, Reply
from engagement.services import answers, optouts
from patients.models import Patient, PatientIndex
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import index, keyring
from security.services.throttle import Limit

Meaning = Reply.Meaning
WORDS = {
    Meaning.STOP: {"STOP", "STOPALL", "UNSUBSCRIBE", "QUIT", "END", "T", "TD", "退订", "停止", "不要再发"},
    Meaning.CONFIRM: {"C", "Y", "YES", "OK", "CONFIRM", "1", "确认", "是", "好", "好的", "来"},
    Meaning.CANCEL: {"X", "N", "NO", "CANCEL", "2", "取消", "否", "不来"},
}  # fmt: skip
MOST_TEXT = 1600
FORGED = Limit("forged reply", 20, timedelta(seconds=30), timedelta(minutes=15))
# A signature is good for so long.
SECONDS = 300
SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class DoneAlready(Refused):
    """Somebody dealt with this answer."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a gateway brought: by which channel, from where, what was said, and its own number for it."""

    channel: str
    address: str
    text: str
    number: str


def is_signed(header: str, body: bytes) -> bool:
    """Tell whether the gateway that knows the secret sent this, a moment ago."""
    found = SIGNATURE.fullmatch(header)
    if found is None or not settings.REPLIES_SECRET:
        return False
    age = abs(int(timezone.now().timestamp()) - int(found[1]))
    made = hmac.new(settings.REPLIES_SECRET.encode(), b"%s." % found[1].encode() + body, sha256)
    return hmac.compare_digest(made.hexdigest(), found[2]) and age <= SECONDS


def meaning_of(text: str) -> str:
    """Return what an answer means; only a word by itself is taken for one."""
    plain = unicodedata.normalize("NFKC", text).strip().strip(".!?。！？,，“”\"' ").upper()
    return next((one for one, words in WORDS.items() if plain in words), Meaning.OTHER)


@transaction.atomic
def receive(*, said: Incoming) -> list[Reply]:
    """Take down an answer for everybody who has this address; what comes twice is taken once."""
    meaning = meaning_of(said.text)
    rows = [_written(one, said, meaning) for one in _people(said)]
    made = [row for row in rows if row is not None]
    appointment_id = _meant([row.patient_id for row in made], said.channel)
    for row in made:
        _act(row, appointment_id)
        row.save()
        trail.record(
            "engagement.reply.received", subjects=[row.patient_id], changed=[row], obj=row,
            fields=[f"meaning:{row.meaning}"], by=None,
        )  # fmt: skip
    if not rows:
        # Of a stranger nothing is kept, not even the number.
        trail.record("engagement.reply.of_nobody_dropped", fields=[f"channel:{said.channel}"])
    return made


def _people(said: Incoming) -> list[UUID]:
    kind = "email" if said.channel == "email" else "phone"
    found = index.ids(index.find_exact(PatientIndex, kind, said.address))
    there = Patient.objects.filter(pk__in=found, merged_into__isnull=True).order_by("pk")
    return list(there.values_list("pk", flat=True))


def _written(patient_id: UUID, said: Incoming, meaning: str) -> Reply | None:
    digest = keyring.index_digest("reply", f"{said.channel} {said.number}")[:16]
    row = Reply(
        patient_id=patient_id, channel=said.channel, meaning=meaning, source_key=digest,
        text=said.text[:MOST_TEXT],
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def _meant(patient_ids: list[UUID], channel: str) -> UUID | None:
    """Return the appointment that an answer is about; of several it is not guessed."""
    rows = Reminder.objects.filter(
        patient_id__in=patient_ids, channel=channel, state=Reminder.State.QUEUED,
        starts_at__gt=timezone.now(), settled_at__gt=timezone.now() - timedelta(days=30),
    )  # fmt: skip
    found = set(rows.values_list("appointment_id", flat=True))
    return found.pop() if len(found) == 1 else None


def _act(row: Reply, appointment_id: UUID | None) -> None:
    row.advance()
    if row.meaning == Meaning.OTHER:
        return
    is_done = False
    if row.meaning == Meaning.STOP:
        is_done = optouts.stop_all(patient_id=row.patient_id, channel=row.channel, way="reply")
    elif appointment_id is not None:
        is_done = _answered(row, appointment_id)
    row.done_at = timezone.now() if is_done else None


def _answered(row: Reply, appointment_id: UUID) -> bool:
    mine = Appointment.objects.filter(pk=appointment_id, patient_id=row.patient_id)
    if not mine.exists():
        # Another person at the same telephone has the appointment; that one's answer does it.
        return True
    row.appointment_id = appointment_id
    deed = answers.confirm if row.meaning == Meaning.CONFIRM else answers.cancel
    try:
        with transaction.atomic():
            deed(appointment_id=appointment_id, way="reply")
    except Refused:
        return False
    return True


@transaction.atomic
def finish(*, reply_id: UUID, by: User) -> Reply:
    """Note that somebody read an answer and did what it asks."""
    row: Reply = Reply.objects.select_for_update(of=("self",)).get(pk=reply_id)
    if row.done_at is not None:
        raise DoneAlready(_("Somebody dealt with this already."))
    row.done_at, row.done_by = timezone.now(), by
    row.advance()
    row.save()
    trail.record(
        "engagement.reply.finished", subjects=[row.patient_id], changed=[row], obj=row, by=by
    )
    return row
