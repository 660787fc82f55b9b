"""Answers to messages: signed, taken once, STOP and C and X done at once, the rest read by somebody."""

import hmac
import json
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import Consent, ProcessingRestriction
from engagement.models import Appointment, Reminder, Reply
from engagement.services import replies
from security.models import OutboxMessage
from tests import consenting
from tests.engagement import reminding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
SECRET = "canary-secret-of-the-gateway-0123456789"
NUMBER = "+8613800138000"


@pytest.fixture(autouse=True)
def known(settings):
    settings.REPLIES_SECRET = SECRET


@pytest.fixture
def mia():
    reminding.reminding()
    return reminding.person()


def reminded(person, **fields):
    row = reminding.appointment(person, **fields)
    Reminder.objects.create(
        patient=person, appointment=row, starts_at=row.starts_at, due_at=timezone.now(), state="queued",
        channel="sms", settled_at=timezone.now(),
    )  # fmt: skip
    return row


def brought(said, *, secret=SECRET, age=0, raw=None):
    body = raw if raw is not None else json.dumps(said).encode()
    at = str(int(timezone.now().timestamp()) - age)
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return Client(**{"wsgi.url_scheme": "https"}).post(
        reverse("engagement:incoming"), body, content_type="application/json",
        headers={"X-Custodia-Signature": f"t={at},v1={made}"},
    )  # fmt: skip


def reply(text, number="1"):
    return brought({"from": NUMBER, "text": text, "id": number})


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("c", "confirm"), (" C. ", "confirm"), ("Ｃ", "confirm"), ("确认", "confirm"), ("x", "cancel"),
        ("取消！", "cancel"), ("Stop", "stop"), ("TD", "stop"), ("退订", "stop"), ("stop the pain", "other"),
        ("Can I come later?", "other"), ("", "other"), ("cc", "other"),
    ],
)  # fmt: skip
def test_only_a_word_by_itself_is_an_order(text, meaning):
    assert replies.meaning_of(text) == meaning


def test_c_confirms_and_x_cancels_the_appointment_that_was_reminded_of(mia):
    row = reminded(mia)
    assert reply("C").status_code == 200
    row.refresh_from_db()
    assert row.confirmed_at is not None
    assert reply("X", "2").status_code == 200
    row.refresh_from_db()
    assert row.state == Appointment.State.CANCELLED
    assert list(Reply.objects.order_by("pk").values_list("meaning", "appointment_id")) == [
        ("confirm", row.pk), ("cancel", row.pk),
    ]  # fmt: skip
    assert "way:reply" in Event.objects.get(action="engagement.appointment.cancelled").fields


def test_what_comes_twice_is_taken_once(mia):
    reminded(mia)
    reply("C")
    reply("C")
    assert Reply.objects.count() == 1
    assert Event.objects.filter(action="engagement.appointment.confirmed").count() == 1


def test_of_two_appointments_none_is_guessed(mia):
    first = reminded(mia)
    reminded(mia, of=first.service, clinician=first.clinician)
    reply("X")
    assert not Appointment.objects.filter(state="cancelled").exists()
    assert Reply.objects.get().done_at is None


def test_of_two_people_at_one_telephone_the_reminded_one_answers(mia):
    other = reminding.person()
    row = reminded(mia)
    reply("X")
    row.refresh_from_db()
    assert row.state == Appointment.State.CANCELLED
    assert set(Reply.objects.values_list("patient_id", flat=True)) == {mia.pk, other.pk}


def test_stop_withdraws_what_was_allowed_and_objects_to_what_was_sent(mia):
    consenting.allow(mia, channel="sms")
    consenting.allow(mia, channel="email")
    OutboxMessage.objects.create(
        subject_id=mia.pk, recipient_kind="patient", channel="sms", topic="engagement.reminder",
        purpose="reminders", address=NUMBER, title="One", text="Two",
    )  # fmt: skip
    reply("STOP")
    assert dict(Consent.objects.values_list("channel", "state")) == {
        "email": "granted",
        "sms": "withdrawn",
    }
    assert ProcessingRestriction.objects.get().purpose.key == "reminders"
    row = Reply.objects.get()
    assert row.meaning == "stop"
    assert row.done_at is not None


def test_a_question_waits_for_a_reader_and_lies_sealed(mia):
    reply("Canary: may I bring my mother?")
    row = Reply.objects.get()
    assert (row.meaning, row.done_at) == ("other", None)
    assert row.text == "Canary: may I bring my mother?"
    assert b"Canary" not in bytes(Reply.objects.values_list("sealed", flat=True).get())
    assert "Canary" not in str(list(Event.objects.values()))


def test_of_a_stranger_nothing_is_kept():
    assert reply("Hello").status_code == 200
    assert not Reply.objects.exists()
    event = Event.objects.get(action="engagement.reply.of_nobody_dropped")
    assert NUMBER not in str(event.__dict__)


@pytest.mark.parametrize(
    "more", [{"secret": "another secret, as long as the right one"}, {"age": 400}, {"age": -400}]
)
def test_what_nobody_signed_is_refused(mia, more):
    assert brought({"from": NUMBER, "text": "STOP", "id": "1"}, **more).status_code == 400
    assert not Reply.objects.exists()
    assert Event.objects.filter(action="engagement.reply.refused").count() == 1


def test_without_a_secret_nothing_is_taken(mia, settings):
    settings.REPLIES_SECRET = ""
    assert brought({"from": NUMBER, "text": "STOP", "id": "1"}, secret="").status_code == 400


@pytest.mark.parametrize(
    "raw",
    [b"", b"no json", b"[]", b"{}", b'{"from": 1, "text": "C", "id": "1"}', b"\xff", b"{" + b" " * 20_000,
     b'{"kind": "receipt", "id": "1; DROP", "status": "delivered"}', b'{"kind": "receipt"}'],
)  # fmt: skip
def test_rubbish_is_refused_and_breaks_nothing(raw):
    assert brought(None, raw=raw).status_code == 400


@pytest.mark.parametrize(("status", "state"), [("delivered", "sent"), ("failed", "failed")])
def test_a_report_of_arrival_changes_the_state_of_its_message(mia, status, state):
    row = OutboxMessage.objects.create(
        subject_id=mia.pk, recipient_kind="patient", channel="sms", topic="engagement.reminder",
        address=NUMBER, title="One", text="Two", state="sent",
    )  # fmt: skip
    said = {"kind": "receipt", "id": str(row.pk), "status": status}
    assert brought(said).status_code == 200
    assert brought(said).status_code == 200
    row.refresh_from_db()
    assert (row.state, row.delivered_at is not None) == (state, status == "delivered")
    assert row.failure == ("" if status == "delivered" else "bounced")
