"""The outbox: written with the deed, sealed until sent, sent once, retried with delay, never in clear."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection, transaction
from django.utils import timezone

from audit.models import Event
from security import tasks
from security.classification import SubjectKind
from security.delivery import channels, outbox, sending
from security.delivery.channels import ConsoleChannel, EmailChannel, Letter, NotDelivered
from security.models import DataKey, OutboxMessage
from tests.security.people import acting, staff

pytestmark = [pytest.mark.django_db]
State = OutboxMessage.State
ADDRESS = "canary.bird@example.org"


@pytest.fixture(autouse=True)
def by_email(settings):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def nurse():
    return staff("nurse")


def queued(user, **more):
    said = {
        "channel": "email",
        "topic": "account.credential",
        "address": ADDRESS,
        "title": "A canary title",
        "text": "A canary text",
    }
    with acting(), transaction.atomic():
        return outbox.queue(
            message=outbox.Message(**{**said, **more}),
            recipient=user.pk,
            kind=SubjectKind.USER,
            by=None,
        )


def breaks(monkeypatch, error):
    def fail(self, messages):
        raise error

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", fail)


def test_a_message_goes_out_once_with_its_event(nurse):
    row = queued(nurse)
    assert tasks.drain() == 1
    assert tasks.drain() == 0
    (sent,) = mail.outbox
    assert (sent.to, sent.subject, sent.body) == ([ADDRESS], "A canary title", "A canary text")
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.SENT, 1)
    event = Event.objects.get(action="security.message.sent")
    assert event.subjects == [nurse.pk]
    assert not Event.objects.filter(action="security.record.read").exists()


def test_what_waits_is_sealed(nurse):
    queued(nurse)
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text FROM security_outboxmessage o")
        stored = cursor.fetchone()[0].lower()
    assert "canary" not in stored
    assert b"canary".hex() not in stored


def test_a_message_of_a_deed_that_failed_is_not_there(nurse):
    with acting(), transaction.atomic():
        queued(nurse)
        transaction.set_rollback(True)
    assert tasks.drain() == 0


def test_a_server_that_is_away_is_tried_again_with_growing_delay(nurse, monkeypatch):
    row = queued(nurse)
    breaks(monkeypatch, SMTPServerDisconnected(f"<{ADDRESS}>: gone"))
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while True:
            assert tasks.drain() == 1
            row.refresh_from_db()
            if row.state != State.WAITING:
                break
            waits.append(row.next_at - timezone.now())
            assert tasks.drain() == 0
            clock.shift(waits[-1])
    assert waits == [timedelta(minutes=2**turn) for turn in range(sending.ATTEMPTS_LIMIT - 1)]
    assert (row.state, row.attempts) == (State.FAILED, sending.ATTEMPTS_LIMIT)
    assert row.failure == "SMTPServerDisconnected"
    assert Event.objects.get(action="security.message.failed").outcome == "failed"


def test_a_failure_writes_no_address_into_log_or_row(nurse, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    row = queued(nurse)
    breaks(monkeypatch, SMTPServerDisconnected(f"<{ADDRESS}>: gone"))
    tasks.drain()
    row.refresh_from_db()
    assert "canary" not in caplog.text + row.failure


@pytest.mark.parametrize(
    "forged",
    [
        {"address": "a@example.org\nBcc: thief@example.org"},
        {"address": "a@example.org\rBcc: thief@example.org"},
        {"title": "Hello\r\nBcc: thief@example.org"},
        {"title": "Hello\u2028Bcc: thief@example.org"},
        {"title": "Hello\x00"},
    ],
)
def test_line_breaks_in_headers_are_refused(nurse, forged):
    with pytest.raises(outbox.UnfitAddress):
        queued(nurse, **forged)
    letter = Letter(**{"address": ADDRESS, "title": "Hello", "text": "Text", **forged})
    with pytest.raises(NotDelivered):
        EmailChannel().send(letter)
    assert mail.outbox == []


@pytest.mark.parametrize("address", ["no address", "a@b@c", "a@example.org,b@example.org", ""])
def test_what_is_no_address_fails_at_once(nurse, address):
    row = queued(nurse, address=address)
    tasks.drain()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.failure) == (State.FAILED, 1, "address")
    assert mail.outbox == []


def test_a_message_whose_key_was_destroyed_is_not_sent(nurse):
    row = queued(nurse)
    DataKey.objects.filter(subject_id=nurse.pk).update(wrapped=None, destroyed_at=timezone.now())
    tasks.drain()
    row.refresh_from_db()
    assert (row.state, row.failure) == (State.FAILED, "seal")
    assert mail.outbox == []


def test_an_unknown_channel_is_refused(nurse):
    with pytest.raises(outbox.UnknownChannel):
        queued(nurse, channel="pigeon")


def test_a_channel_that_is_no_longer_configured_fails(nurse, settings):
    row = queued(nurse)
    settings.DELIVERY_CHANNELS = {}
    tasks.drain()
    row.refresh_from_db()
    assert (row.state, row.failure) == (State.FAILED, "channel")


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_send_one_message_twice():
    user = staff("nurse")
    for turn in range(12):
        queued(user, title=f"Title {turn}")

    def run(_place):
        try:
            return tasks.drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    tasks.drain()
    assert sorted(sent.subject for sent in mail.outbox) == sorted(f"Title {n}" for n in range(12))


def test_the_console_of_the_demo_tells_the_title_and_a_masked_address(capsys):
    ConsoleChannel().send(Letter(address=ADDRESS, title="A title\x1b[2J", text="A canary text"))
    shown = capsys.readouterr().out
    assert shown == "message to 'c•••@example.org': 'A title\\x1b[2J'\n"


def test_channels_are_made_from_the_settings():
    assert isinstance(channels.named("email"), EmailChannel)
