"""What patients of the demo and the clinic write to each other, in both languages, at every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from engagement.models import Thread, ThreadMessage
from engagement.services import attachments, canned
from engagement.services.attachments import Incoming
from engagement.services.thread_rows import append, record_step, take_part
from security import trail
from security.models import Unit, User

Kind, Code, State = ThreadMessage.Kind, ThreadMessage.Code, Thread.State


@dataclass(frozen=True, slots=True)
class Said:
    """One line: who, how many hours ago, in which words; a note stays inside, a step has a code."""

    who: str
    hours: float
    text: str = ""
    kind: str = ""
    code: str = ""
    to: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation: with which account's patient, in which inbox, about what, who has it now."""

    patient: str
    room: str
    subject: str
    lines: tuple[Said, ...]
    assignee: str = ""


READINGS = "Mon 148/92\nTue 151/95\nWed 146/90\nThu 149/93\n"
BY_EVENING = "Evening is even better; asked pharmacy too. 晚上服用更合适。"
CALL_HIM = "Dizzy since the new dose, please call him today. 换药后头晕，请今天致电。"
TALKS = (
    Talk("patient1", "chronic", "血压又高了", (
        Said(
            "patient1", 30, file="血压记录.txt",
            text="这几天早上量血压都在150/95左右，药是按时吃的，需要加量吗？附上这几天的记录。",
        ),
    )),
    Talk("patient1", "reception", "想改约到下周", (
        Said("patient1", 2.5, "您好，周四上午临时有事，可以改到下周二上午吗？"),
    )),
    Talk("patient2", "internal", "Results of the blood test", (
        Said("patient2", 74, "Are my results back? I fasted as you asked."),
        Said("physician1", 70, "They are. The cholesterol came down; please go on with the tablets."),
        Said("patient2", 46, "Good to hear. May I take them in the evening instead?"),
        Said("physician1", 45, BY_EVENING, kind=Kind.NOTE),
        Said("nurse1", 44, "Yes, in the evening is fine. Please tell us if your muscles ache."),
    ), "physician1"),
    Talk("patient2", "finance", "Question about invoice", (
        Said("patient2", 120, "Why are there two consultations on the invoice of last week?"),
        Said("finance1", 117, "The second one was taken off; the corrected invoice is in the post."),
        Said("patient2", 98, "Thank you, that settles it."),
        Said("finance1", 97, code=Code.DONE),
    ), "finance1"),
    Talk("patient3", "paediatrics", "Hay fever is back", (
        Said("patient3", 5, "My eyes itch again. Could you prescribe the drops of last year again?"),
    ), "physician2"),
    Talk("patient3", "reception", "Certificate for my employer", (
        Said("patient3", 76, "I need a certificate for the visit of the 3rd, for my employer."),
        Said("receptionist2", 75.5, "It lies at the desk for you. Please bring your ID."),
        Said("patient3", 52, code=Code.DONE),
    ), "receptionist2"),
    Talk("patient1", "internal", "请记录家庭血压", (
        Said("physician1", 20, "欧阳女士，请连续七天早晚各测一次血压，并把记录发给我们。"),
    ), "physician1"),
    Talk("patient2", "internal", "Dizzy after the new tablets", (
        Said("patient2", 3, "Since yesterday I feel dizzy when I stand up. Is that the new tablets?"),
        Said("receptionist1", 1.5, CALL_HIM, code=Code.HANDED_OVER, to="nurse1"),
    ), "nurse1"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready answer: who keeps it, in which inbox (none: all), in both languages."""

    keeper: str
    room: str
    title: str
    title_zh: str
    text: str
    text_zh: str


READY = (
    Ready(
        "engagement1", "", "Opening hours", "门诊时间",
        "We are open Monday to Saturday, 8:00 to 17:30.", "门诊时间为周一至周六 8:00–17:30。",
    ),
    Ready(
        "engagement1", "", "Emergency", "紧急情况",
        "If you feel very ill, do not wait for an answer here: call 120 or come at once.",
        "如感觉严重不适，请不要等待回复，立即拨打120或前来就诊。",
    ),
    Ready(
        "receptionist1", "reception", "Moving a visit", "改约",
        "Gladly. Which days suit you, mornings or afternoons?", "可以的。请告知您方便的日期，上午还是下午？",
    ),
    Ready(
        "receptionist1", "reception", "What to bring", "就诊须带",
        "Please bring your ID and your insurance card.", "请携带身份证和医保卡。",
    ),
    Ready(
        "nurse1", "internal", "Results are ready", "结果已出",
        "Your results are ready. The doctor will explain them at the next visit.",
        "您的检查结果已出，医生将在下次就诊时为您说明。",
    ),
)  # fmt: skip


def write(
    rooms: Mapping[str, Unit], people: Mapping[str, User], patients: Mapping[str, UUID]
) -> None:
    """Write the conversations and the ready answers; `patients` are by the account of each."""
    for ready in READY:
        words = {name: getattr(ready, name) for name in canned.FIELDS}
        unit_id = rooms[ready.room].pk if ready.room else None
        with trail.acting_for(actor=people[ready.keeper], purpose="HOPERAT"):
            canned.add(unit_id=unit_id, words=words, by=people[ready.keeper])
    now = timezone.now()
    for talk in TALKS:
        hold(talk, rooms[talk.room], people, patients[talk.patient], now)


@transaction.atomic
def hold(
    talk: Talk, unit: Unit, people: Mapping[str, User], patient_id: UUID, now: datetime
) -> None:
    """Write one conversation as it stood at each of its hours."""
    writer = people[talk.lines[0].who]
    row = Thread(patient_id=patient_id, unit=unit, opened_by=writer, subject=talk.subject)
    row.assignee = people.get(talk.assignee)
    for line in talk.lines:
        _turn(row, line, people[line.who], now - timedelta(hours=line.hours))
    row.opened_at = now - timedelta(hours=talk.lines[0].hours)
    row.save()
    changed = [each for line in talk.lines for each in _lines(row, line, people, now)]
    with trail.acting_for(actor=writer, purpose="HOPERAT"):
        record_step("engagement.thread.opened", row, *changed, by=writer)


def _turn(row: Thread, line: Said, who: User, at: datetime) -> None:
    if line.code == Code.DONE:
        row.state, row.done_at, row.done_by, row.waiting_since = State.DONE, at, who, None
    elif not line.code and line.kind != Kind.NOTE:
        row.last_at = at
        if who.kind == User.Kind.PATIENT:
            row.state, row.waiting_since = State.US, row.waiting_since or at
            row.asked_at = row.asked_at or at
        else:
            row.state, row.waiting_since = State.PATIENT, None
            row.answered_at = row.answered_at or (at if row.asked_at else None)


def _lines(row: Thread, line: Said, people: Mapping[str, User], now: datetime) -> list[Model]:
    who = people[line.who]
    is_patient = who.kind == User.Kind.PATIENT
    kind = line.kind or (Kind.STEP if line.code else Kind.PATIENT if is_patient else Kind.TEAM)
    told_by = "email" if kind == Kind.TEAM else ""
    at = now - timedelta(hours=line.hours)
    to = people.get(line.to)
    unit = row.unit if line.code == Code.HANDED_OVER else None
    written = append(
        row, kind, who, line.text, code=line.code, written_at=at, told_by=told_by, to_user=to,
        to_unit=unit,
    )  # fmt: skip
    part = take_part(row, who, by=who)
    part.read_at = at
    part.save(update_fields=["read_at"])
    found: list[Model] = [written, part]
    found += [take_part(row, to, by=who)] if to else []
    if line.file:
        incoming = [Incoming(line.file, READINGS.encode())]
        with attachments.taken_in(incoming, row.patient_id, who) as kept:
            found += attachments.add(written, kept)
    return found
