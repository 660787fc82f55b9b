"""Links in messages: looking changes nothing, a button does one thing, nobody signs in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import Consent, ConsentEvent, ProcessingRestriction
from engagement.models import Appointment, MessageLink, Reminder
from engagement.services import links, reminders
from tests import consenting
from tests.engagement import reminding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
Kind = MessageLink.Kind
ANSWER, STOP = "engagement:answer", "engagement:opt_out"


@pytest.fixture
def browser():
    return Client(**{"wsgi.url_scheme": "https"})


@pytest.fixture
def booked():
    reminding.reminding()
    row = reminding.appointment(reminding.person())
    reminders.plan(row)
    return row


def token_for(row, kind=Kind.APPOINTMENT, **more):
    said = {"expires_at": row.starts_at, "target_id": row.pk} | more
    return links.issue(kind=kind, subject_id=row.patient_id, by=None, **said)


def opened(browser, name, token):
    answer = browser.get(reverse(name), {"t": token})
    assert (answer.status_code, answer["Location"]) == (302, reverse(name))
    return browser.get(reverse(name))


def test_a_patient_confirms_by_link_and_looking_confirms_nothing(browser, booked):
    page = opened(browser, ANSWER, token_for(booked))
    assert page.status_code == 200
    assert booked.service.name not in page.content.decode()
    booked.refresh_from_db()
    assert booked.confirmed_at is None
    assert (
        "You said that you come"
        in browser.post(reverse(ANSWER), {"answer": "comes"}).content.decode()
    )
    booked.refresh_from_db()
    assert booked.confirmed_at is not None
    event = Event.objects.get(action="engagement.appointment.confirmed")
    assert (event.subjects, event.fields, event.actor_id) == (
        [booked.patient_id],
        [f"clinician:{booked.clinician_id}", "way:link"],
        None,
    )
    assert MessageLink.objects.get().used_at is not None


def test_a_patient_cancels_by_link_and_its_reminders_go(browser, booked):
    opened(browser, ANSWER, token_for(booked))
    assert "is cancelled" in browser.post(reverse(ANSWER), {"answer": "cancels"}).content.decode()
    booked.refresh_from_db()
    assert booked.state == Appointment.State.CANCELLED
    assert not Reminder.objects.filter(state="planned").exists()
    assert browser.post(reverse(ANSWER), {"answer": "comes"}).status_code == 409


def test_too_late_to_cancel_is_said_and_the_appointment_stands(browser):
    row = reminding.appointment(reminding.person(), starts_at=timezone.now() + timedelta(hours=5))
    page = opened(browser, ANSWER, token_for(row))
    assert "too late to cancel" in page.content.decode()
    assert browser.post(reverse(ANSWER), {"answer": "cancels"}).status_code == 409
    row.refresh_from_db()
    assert row.state == Appointment.State.BOOKED


@pytest.mark.parametrize("case", ["over", "other kind", "cut", "never made", "revoked"])
def test_a_link_that_is_none_opens_nothing(browser, booked, case):
    token = token_for(booked, Kind.SURVEY if case == "other kind" else Kind.APPOINTMENT)
    ended = {"over": "expires_at", "revoked": "revoked_at"}.get(case)
    if ended:
        MessageLink.objects.update(**{ended: timezone.now()})
    token = {"cut": token[:-1], "never made": "A" * 22}.get(case, token)
    assert opened(browser, ANSWER, token).status_code == 400
    assert browser.post(reverse(ANSWER), {"answer": "cancels"}).status_code == 400
    booked.refresh_from_db()
    assert booked.state == Appointment.State.BOOKED


def test_a_link_that_ends_while_its_page_is_open_does_nothing_more(browser, booked):
    opened(browser, ANSWER, token_for(booked))
    MessageLink.objects.update(expires_at=timezone.now())
    assert browser.post(reverse(ANSWER), {"answer": "cancels"}).status_code == 400


def test_an_opt_out_is_a_withdrawal_by_the_person(browser, booked):
    person = booked.patient
    consenting.allow(person, channel="email")
    consenting.allow(person, channel="sms")
    token = token_for(booked, Kind.OPT_OUT, purpose="marketing", channel="email")
    assert opened(browser, STOP, token).status_code == 200
    assert set(Consent.objects.values_list("state", flat=True)) == {"granted"}
    assert "consent is withdrawn" in browser.post(reverse(STOP)).content.decode()
    assert dict(Consent.objects.values_list("channel", "state")) == {
        "email": "withdrawn",
        "sms": "granted",
    }
    said = ConsentEvent.objects.get(kind="withdrawn")
    assert (said.method, said.capacity, said.noted_by) == ("tick", "self", None)
    assert Event.objects.filter(action="engagement.messages.stopped").count() == 1
    assert browser.post(reverse(STOP)).status_code == 200


def test_an_opt_out_of_what_rests_on_no_consent_is_an_objection(browser, booked):
    opened(browser, STOP, token_for(booked, Kind.OPT_OUT, purpose="reminders", channel="sms"))
    assert "objection is in force" in browser.post(reverse(STOP)).content.decode()
    row = ProcessingRestriction.objects.get()
    assert (row.kind, row.purpose.key, row.set_by) == ("objection", "reminders", None)
    browser.post(reverse(STOP))
    assert ProcessingRestriction.objects.count() == 1


def test_what_nobody_may_object_to_is_said_honestly(browser, booked):
    consenting.purpose("care", grounds=consenting.CARE)
    opened(browser, STOP, token_for(booked, Kind.OPT_OUT, purpose="care", channel="email"))
    assert "can not be ended here" in browser.post(reverse(STOP)).content.decode()
