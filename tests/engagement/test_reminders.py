"""Reminders: planned with the appointment, sent once by the first open way, dropped with what they are about."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from engagement import tasks
from engagement.models import ContactPreference, Reminder
from engagement.services import preferences, reminders
from engagement.services.reminders import Rule
from security import tasks as delivery
from security.delivery import sending
from security.models import OutboxMessage
from tests import consenting
from tests.engagement import reminding
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = Reminder.State
# A Monday, noon in the tests' zone: far from quiet hours.
NOON = timezone.datetime(2026, 6, 1, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def set_up(settings):
    path = "security.delivery.channels.ConsoleChannel"
    settings.DELIVERY_CHANNELS = dict.fromkeys(("sms", "email", "wechat", "letter"), path)
    settings.QUIET_HOURS, settings.REPLIES_SECRET = "21:00-08:00", "s" * 40
    reminding.reminding()


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def booked(clock):
    row = reminding.appointment(reminding.person(), starts_at=NOON + timedelta(days=5))
    reminders.plan(row)
    return row


def states(row):
    return list(
        Reminder.objects.filter(appointment=row).order_by("-hours").values_list("state", "why")
    )


def test_an_appointment_is_reminded_of_as_its_service_says(booked):
    found = Reminder.objects.filter(appointment=booked).order_by("due_at")
    assert [(one.hours, one.due_at) for one in found] == [
        (48, booked.starts_at - timedelta(hours=48)),
        (3, booked.starts_at - timedelta(hours=3)),
    ]
    event = Event.objects.get(action="engagement.reminders.planned")
    assert (event.subjects, event.counts["planned"]) == ([booked.patient_id], 2)
    assert reminders.plan(booked) == []


def test_the_first_open_way_is_taken_and_the_message_names_nothing_of_health(booked, clock):
    clock.move_to(booked.starts_at - timedelta(hours=48))
    assert tasks.queue_reminders() == 1
    assert tasks.queue_reminders() == 0
    row = OutboxMessage.objects.get()
    assert (row.channel, row.purpose, row.topic) == ("sms", "reminders", "engagement.reminder")
    assert "6 June 2026 at 12:00" in row.text
    assert "Answer C to confirm" in row.text
    assert row.link in row.text
    assert "/engagement/a/?t=" in row.link
    assert booked.service.name not in row.text + row.title
    assert "Muster" not in row.text + row.title
    sending.send_next()
    assert OutboxMessage.objects.get().state == "sent"


def test_a_broker_that_is_away_loses_and_holds_up_nothing(booked, clock, monkeypatch):
    def away(self):
        raise ConnectionError

    monkeypatch.setattr("redis.connection.AbstractConnection.connect", away)
    clock.move_to(booked.starts_at - timedelta(hours=48))
    assert tasks.queue_reminders() == 1
    # The queue is a table: whoever comes back finds it there.
    assert OutboxMessage.objects.get().state == "waiting"
    assert delivery.drain() == 1
    assert OutboxMessage.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "cancelled"}, "gone"),
        ({"starts_at": NOON + timedelta(days=9), "ends_at": NOON + timedelta(days=10)}, "gone"),
    ],
)
def test_nobody_is_reminded_of_what_was_moved_or_cancelled(booked, clock, change, why):
    clock.move_to(booked.starts_at - timedelta(hours=48))
    reminders.queue_next()
    for name, value in change.items():
        setattr(booked, name, value)
    booked.advance()
    booked.save()
    # Neither what waits in the outbox nor what is still planned.
    sending.send_next()
    row = OutboxMessage.objects.get()
    assert (row.state, row.failure) == ("skipped", why)
    clock.move_to(booked.starts_at - timedelta(hours=2))
    reminders.queue_next()
    assert states(booked)[1] == (State.DROPPED, "gone")
    assert OutboxMessage.objects.count() == 1


def test_a_moved_appointment_is_planned_anew_and_a_cancelled_one_dropped(booked):
    booked.starts_at += timedelta(days=1)
    booked.ends_at += timedelta(days=1)
    booked.advance()
    booked.save()
    assert len(reminders.plan(booked)) == 2
    assert Reminder.objects.filter(state=State.DROPPED).count() == 2
    assert reminders.drop(booked) == 2
    assert not Reminder.objects.filter(state=State.PLANNED).exists()
    assert Event.objects.filter(action="engagement.reminders.dropped").count() == 1


def test_the_sweep_plans_what_was_imported_and_leaves_the_rest(clock):
    person = reminding.person()
    ahead = reminding.appointment(person, starts_at=NOON + timedelta(days=3))
    for more in ({"state": "cancelled"}, {"starts_at": NOON - timedelta(days=3)}):
        reminding.appointment(person, of=ahead.service, clinician=ahead.clinician, **more)
    reminding.appointment(person, of=reminding.service([]), clinician=ahead.clinician)
    assert tasks.plan_missing() == 1
    assert tasks.plan_missing() == 0
    assert set(Reminder.objects.values_list("appointment_id", flat=True)) == {ahead.pk}


def test_whoever_books_late_gets_the_nearer_reminder_alone(clock):
    row = reminding.appointment(reminding.person(), starts_at=NOON + timedelta(hours=5))
    reminders.plan(row)
    assert states(row) == [(State.SKIPPED, "late"), (State.PLANNED, "")]


def test_after_an_outage_one_reminder_is_enough_and_none_comes_too_late(booked, clock):
    clock.move_to(booked.starts_at - timedelta(hours=1))
    assert tasks.queue_reminders() == 2
    assert states(booked) == [(State.SKIPPED, "overtaken"), (State.QUEUED, "")]
    other = reminding.appointment(
        reminding.person(), of=booked.service, clinician=booked.clinician,
        starts_at=booked.starts_at + timedelta(hours=4),
    )  # fmt: skip
    reminders.plan(other)
    clock.move_to(other.starts_at)
    tasks.queue_reminders()
    assert states(other)[1] == (State.SKIPPED, "late")


def test_in_quiet_hours_nothing_leaves_whatever_was_late(booked, clock):
    clock.move_to(booked.starts_at - timedelta(hours=38))
    reminders.queue_next()
    assert states(booked)[0] == (State.SKIPPED, "quiet")


@pytest.mark.parametrize(
    ("telecoms", "channels", "way", "why"),
    [
        (reminding.TELECOMS, ["email"], "email", ""),
        (reminding.TELECOMS[:1], [], "email", ""),
        ([], [], "", "no_address"),
        (reminding.TELECOMS, ["letter"], "", "not_wished"),
    ],
)
def test_wishes_and_addresses_choose_the_way(clock, telecoms, channels, way, why):
    person = reminding.person(telecoms=telecoms)
    if channels:
        ContactPreference.objects.create(patient=person, channels=channels)
    row = reminding.appointment(person, starts_at=NOON + timedelta(days=5))
    reminders.plan(row)
    clock.move_to(row.starts_at - timedelta(hours=48))
    found = reminders.queue_next()
    assert (found.channel, found.why) == (way, why)
    assert found.state == (State.QUEUED if way else State.UNREACHED)
    if way == "email":
        assert "/engagement/s/?t=" in OutboxMessage.objects.get().text


def test_whoever_objected_is_not_reminded_and_is_to_be_called(booked, clock):
    consenting.limit(booked.patient, "objection", purpose=reminding.reminding())
    clock.move_to(booked.starts_at - timedelta(hours=48))
    assert reminders.queue_next().why == "consent"
    assert OutboxMessage.objects.count() == 0
    nurse = cast.staff("receptionist")
    row = Reminder.objects.to_call().get()
    reminders.settle_by_hand(reminder_id=row.pk, outcome="Called, comes", by=nurse)
    assert not Reminder.objects.to_call().exists()
    assert Reminder.objects.get(pk=row.pk).outcome == "Called, comes"
    with pytest.raises(reminders.DealtWith):
        reminders.settle_by_hand(reminder_id=row.pk, outcome="Again", by=nurse)


def test_other_quiet_hours_move_what_is_planned(clock):
    row = reminding.appointment(
        reminding.person(), of=reminding.service([{"hours": 24, "channels": ["sms"]}]),
        starts_at=NOON + timedelta(days=5),
    )  # fmt: skip
    reminders.plan(row)
    wish = {"quiet": "11:00-14:00", "channels": [], "language": "", "note": ""}
    preferences.change(patient_id=row.patient_id, version=0, fields=wish, by=None)
    planned = Reminder.objects.get()
    assert planned.due_at == row.starts_at - timedelta(hours=22)
    assert Event.objects.filter(action="engagement.preference.changed").count() == 1


def test_messages_are_in_the_language_that_the_person_wishes(clock):
    person = reminding.person(language="en")
    ContactPreference.objects.create(patient=person, language="zh-CN")
    row = reminding.appointment(person, starts_at=NOON + timedelta(days=5))
    reminders.plan(row)
    clock.move_to(row.starts_at - timedelta(hours=48))
    reminders.queue_next()
    assert "2026年6月6日" in OutboxMessage.objects.get().text


def test_rules_that_are_none_are_left_out():
    said = [
        {"hours": 24, "channels": ["email", "sms"]}, {"hours": 0, "channels": ["sms"]},
        {"hours": "4", "channels": ["sms"]}, {"hours": 4, "channels": ["pigeon"]}, 7, {"hours": 4},
    ]  # fmt: skip
    assert reminders.rules_of(reminding.service(said)) == [Rule(24, ("email", "sms"))]
    assert reminders.rules_of(reminding.service({"hours": 4})) == []


def test_planning_for_ten_costs_what_planning_for_one_does_each(clock):
    one = reminding.appointment(reminding.person(), starts_at=NOON + timedelta(days=5))
    with CaptureQueriesContext(connection) as queries:
        reminders.plan(one)
    first = len(queries)
    for number in range(3):
        reminding.appointment(
            reminding.person(), of=one.service, clinician=one.clinician,
            starts_at=NOON + timedelta(days=6 + number),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        tasks.plan_missing()
    # Beside them the one that finds them, and the locks of their transactions.
    assert len(queries) <= 3 * first + 6
