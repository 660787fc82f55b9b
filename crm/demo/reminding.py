"""Reminders of the demo: who is reminded how, who is to be called, what people answered, letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from audit import working_days
from engagement.models import Service
from engagement.queries import ways
from engagement.services import outgoing, preferences, reminders, replies
from engagement.services.outgoing import Content, NotReachable
from engagement.services.reminders import Rule
from patients.models import Patient
from security.delivery import sending
from security.models import OutboxMessage, User
from security.services import deliveries

RULES = (Rule(48, ("sms", "email")), Rule(3, ("sms",)))
ANSWERS = (
    "Can I bring my reading glasses to be checked as well?",
    "请问停车场在哪里？",
    "我改天再来可以吗？大概下周三下午。",
)
NOBODY = {
    "channels": ["letter"],
    "language": "",
    "quiet": "",
    "note": "Rarely looks at the telephone 很少看手机",
}
EARLY = {"channels": ["sms", "email"], "language": "", "quiet": "20:00-09:30", "note": ""}


def remind(patients: Sequence[UUID], people: Mapping[str, User]) -> None:
    """Plan, hand over what is due tomorrow, and let some people answer."""
    for service in Service.objects.filter(reminders=[]):
        reminders.set_rules(service_id=service.pk, rules=RULES, by=people["administrator1"])
    desk = people["receptionist1"]
    preferences.change(patient_id=patients[1], version=0, fields=NOBODY, by=desk)
    preferences.change(patient_id=patients[2], version=0, fields=EARLY, by=desk)
    reminders.plan_missing()
    # Late tomorrow morning no quiet hours keep anything.
    noon = datetime.combine(timezone.localdate() + timedelta(days=1), datetime.min.time())
    at = noon.replace(hour=11, tzinfo=working_days.zone())
    while reminders.queue_next(at=at) is not None:
        continue
    for number, text in enumerate(ANSWERS):
        answer(patients[3 + number], text)
    for patient_id in patients[6:9]:
        write(patient_id, by=desk)
    come_back()


def answer(patient_id: UUID, text: str) -> None:
    """Let somebody answer by text message, as the gateway would bring it."""
    number = ways.address_of(Patient.objects.get(pk=patient_id), "sms")
    if number:
        replies.receive(said=replies.Incoming("sms", number, text, str(patient_id)))


def write(patient_id: UUID, *, by: User) -> None:
    """Queue a letter, which waits to be printed."""
    said = Content(
        "engagement.letter",
        "Your next check-up 您的下次复诊",
        "It is time for your next check-up. Please call us for an appointment.\n\n"
        "您的复诊时间到了，请致电我们预约。",
    )
    try:
        outgoing.send(
            patient_id=patient_id, purpose="reminders", channel="letter", content=said,
            once_key=f"demo:{patient_id}", by=by,
        )  # fmt: skip
    except NotReachable:
        return


def come_back() -> None:
    """Let one message come back, as to a number that is no longer in use."""
    row = OutboxMessage.objects.filter(topic="engagement.reminder").order_by("pk").first()
    if row is None:
        return
    row.state, row.sent_at, row.attempts = row.State.SENT, timezone.now(), 1
    row.save(update_fields=["state", "sent_at", "attempts"])
    sending.tell_end(row)
    deliveries.arrived(message_id=row.pk, has_arrived=False)
