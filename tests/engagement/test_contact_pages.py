"""Pages of messages: for each role what it may see, masked where it sees masked, with flat queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from engagement.models import ContactPreference, LetterBatch, Reminder, Reply
from engagement.services import letters
from security.delivery import sending
from security.models import OutboxMessage
from tests import consenting
from tests.engagement import reminding
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def mia():
    reminding.reminding()
    return reminding.person()


@pytest.fixture
def desk():
    return cast.browser(cast.staff("receptionist"))


def unreached(person, **fields):
    row = reminding.appointment(person, **fields)
    Reminder.objects.create(
        patient=person, appointment=row, starts_at=row.starts_at, due_at=timezone.now(),
        state="unreached", why="no_address",
    )  # fmt: skip
    return row


def message(person, **fields):
    usual = {
        "subject_id": person.pk, "recipient_kind": "patient", "channel": "sms",
        "topic": "engagement.reminder", "address": "canary-address", "title": "Canary title",
        "text": "Canary text", "state": "failed", "failure": "timeout", "purpose": "reminders",
    }  # fmt: skip
    return OutboxMessage.objects.create(**(usual | fields))


def test_the_tab_tells_ways_wishes_and_what_became_of_messages(desk, mia):
    unreached(mia)
    message(mia)
    shown = desk.get(reverse("engagement:contact", args=[mia.pk])).content.decode()
    for words in (
        "Reaches nobody",
        "The server did not answer in time.",
        "21:00–08:00",
        "Reminders",
    ):
        assert words in shown
    assert "canary-address" not in shown
    assert "Canary text" not in shown


def test_wishes_are_taken_down_and_a_second_hand_is_told(desk, mia):
    url = reverse("engagement:contact_change", args=[mia.pk])
    said = {"version": 0, "first": "email", "second": "sms", "quiet_from": "20:00", "quiet_to": "09:00",
            "note": "Call the daughter first"}  # fmt: skip
    assert desk.post(url, said).status_code == 302
    row = ContactPreference.objects.get()
    assert (row.channels, row.quiet, row.note) == (["email", "sms"], "20:00-09:00", said["note"])
    assert Event.objects.get(action="engagement.preference.changed").subjects == [mia.pk]
    assert desk.post(url, said).status_code == 409
    assert desk.post(url, said | {"version": 1, "second": "email"}).status_code == 422
    assert desk.post(url, said | {"version": 1, "quiet_to": ""}).status_code == 422


@pytest.mark.parametrize("name", ["reminders", "replies"])
def test_lists_of_the_desk_cost_the_same_for_one_and_for_ten(desk, mia, name):
    first = unreached(mia)
    Reply.objects.create(patient=mia, channel="sms", text="Words of one")
    url = reverse(f"engagement:{name}")
    desk.get(url)
    counts = []
    for more in (0, 9):
        for _turn in range(more):
            other = reminding.person()
            unreached(other, of=first.service, clinician=first.clinician)
            Reply.objects.create(patient=other, channel="sms", text="Words of another")
        with CaptureQueriesContext(connection) as queries:
            shown = desk.get(url).content.decode()
        counts.append(len(queries))
    assert shown.count("Muster") >= 10
    assert counts[0] == counts[1]


def test_a_call_is_noted_and_an_answer_done_once(desk, mia):
    unreached(mia)
    reminder, reply = (
        Reminder.objects.get(),
        Reply.objects.create(patient=mia, channel="sms", text="?"),
    )
    url = reverse("engagement:reminder_handle", args=[reminder.pk])
    assert desk.post(url, {"outcome": ""}).status_code == 422
    assert desk.post(url, {"outcome": "Comes"}).status_code == 302
    assert desk.post(url, {"outcome": "Comes"}).status_code == 404
    done = reverse("engagement:reply_done", args=[reply.pk])
    assert [desk.post(done).status_code for _turn in range(2)] == [302, 404]
    finance = cast.browser(cast.staff("finance"))
    assert finance.post(done).status_code == 403
    nurse = cast.browser(cast.staff("nurse"))
    assert nurse.get(url).status_code == 404


def test_rules_of_reminders_are_set_by_the_administration(mia):
    row = reminding.service([])
    url = reverse("engagement:reminder_rule", args=[row.pk])
    said = {"hours_1": 48, "channels_1": ["sms", "email"], "hours_2": 3, "channels_2": ["sms"]}
    keeper = cast.browser(cast.staff("administrator"))
    assert keeper.post(url, said | {"channels_2": []}).status_code == 422
    assert keeper.post(url, said | {"hours_2": 48}).status_code == 422
    assert keeper.post(url, said).status_code == 302
    row.refresh_from_db()
    assert row.reminders == [
        {"hours": 48, "channels": ["sms", "email"]}, {"hours": 3, "channels": ["sms"]},
    ]  # fmt: skip
    assert "48 hours before" in keeper.get(reverse("engagement:reminder_rules")).content.decode()


# --- outgoing messages ------------------------------------------------------------------------


def test_the_queue_is_seen_without_addresses_and_what_failed_is_sent_again(mia):
    keeper = cast.browser(cast.staff("administrator"))
    rows = [message(mia), message(mia, failure="interrupted"), message(mia, failure="seal")]
    shown = keeper.get(reverse("security:deliveries")).content.decode()
    assert "The server did not answer in time." in shown
    assert "canary" not in shown.lower()
    assert keeper.post(reverse("security:deliveries_retry")).status_code == 302
    assert list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True)) == [
        "waiting", "failed", "failed",
    ]  # fmt: skip
    keeper.post(reverse("security:delivery_retry", args=[rows[1].pk]))
    keeper.post(reverse("security:delivery_retry", args=[rows[2].pk]))
    keeper.post(reverse("security:delivery_stop", args=[rows[0].pk]))
    assert list(OutboxMessage.objects.order_by("pk").values_list("state", "failure")) == [
        ("skipped", "stopped"), ("waiting", "interrupted"), ("failed", "seal"),
    ]  # fmt: skip
    assert Event.objects.filter(action="security.message.retried").count() == 1


def test_coordinators_watch_what_goes_to_patients_alone(mia):
    coordinator = cast.staff("engagement")
    message(mia)
    ours = message(coordinator, recipient_kind="user", topic="account.credential")
    page = cast.browser(coordinator)
    shown = page.get(reverse("security:deliveries")).content.decode()
    assert "to a patient" in shown
    assert "to a colleague" not in shown
    page.post(reverse("security:delivery_retry", args=[ours.pk]))
    assert OutboxMessage.objects.get(pk=ours.pk).state == "failed"


# --- letters for the post ---------------------------------------------------------------------


def test_letters_are_printed_together_asked_for_once_more_and_posted(desk, mia):
    letter = {
        "channel": "letter",
        "state": "waiting",
        "failure": "",
        "address": "1 Long Street\nShanghai",
    }
    message(mia, **letter)
    refused = reminding.person()
    consenting.limit(refused, "objection", purpose=reminding.reminding())
    message(refused, **letter)
    assert "2 letters wait" in desk.get(reverse("engagement:letters")).content.decode()
    desk.post(reverse("engagement:letters_gather"))
    batch = LetterBatch.objects.get()
    assert batch.count == 1
    assert OutboxMessage.objects.get(subject_id=refused.pk).failure == "consent"
    paper = desk.get(reverse("engagement:letters_paper", args=[batch.pk]))
    assert paper.content.startswith(b"%PDF-")
    assert paper["Content-Type"] == "application/pdf"
    posted = reverse("engagement:letters_posted", args=[batch.pk])
    assert [desk.post(posted).status_code for _turn in range(2)] == [302, 302]
    assert OutboxMessage.objects.get(subject_id=mia.pk).state == "sent"
    assert Event.objects.filter(action="engagement.letters.posted").count() == 1
    assert letters.waiting_count() == 0
    nurse = cast.browser(cast.staff("nurse"))
    assert nurse.get(reverse("engagement:letters")).status_code == 403


def test_what_died_in_between_is_told_from_what_is_slow(mia, settings):
    old, now = timezone.now() - timedelta(minutes=5), timezone.now()
    path = "security.delivery.channels.EmailChannel"
    claimed = {"state": "sending", "failure": "", "channel": "email", "attempts": 1}
    lost, fresh = (
        message(mia, next_at=old, **claimed),
        message(mia, next_at=now + timedelta(1), **claimed),
    )
    mine = message(mia, next_at=old, recipient_kind="user", **claimed)
    settings.DELIVERY_CHANNELS = {"email": path}
    assert sending.recover() == 2
    found = {row.pk: (row.state, row.failure) for row in OutboxMessage.objects.all()}
    assert found == {
        lost.pk: ("failed", "interrupted"), fresh.pk: ("sending", ""), mine.pk: ("waiting", "interrupted"),
    }  # fmt: skip
