"""Sessions: short, ended on the server, and closed to everything until the second factor was given."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from security import sessions, tasks
from security.access.gate import Gate
from security.models import User
from security.services import users
from tests.security.people import (
    PASSWORD,
    acting,
    code_of,
    give_code,
    give_name,
    make_stale,
    signed_in,
    staff,
    with_factor,
)
from tests.security.routes import every_route

pytestmark = pytest.mark.django_db
ACCOUNT = "/account/"
FACTOR_STEPS = {
    "security:factor", "security:recovery", "security:enrol", "security:sign_out", "admin:logout",
    # A one-time link is opened by its person, whoever else is half signed in at this browser.
    "security:link",
}  # fmt: skip


@pytest.fixture
def nurse():
    return staff("nurse")


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as travelling:
        yield travelling


def expired():
    return Event.objects.filter(action="security.session.expired").count()


# Half


def test_every_route_has_a_gate():
    missing = [
        name
        for name, _address, pattern in every_route()
        if not isinstance(getattr(pattern.callback, "gate", None), Gate)
    ]
    assert missing == []


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_a_half_session_opens_no_route_but_the_factors_pages(client, nurse, method):
    with_factor(nurse)
    give_name(client)
    before = dict(client.session.items())
    opened = []
    for name, address, _pattern in every_route():
        if name in FACTOR_STEPS:
            continue
        answer = getattr(client, method)(address)
        is_sent_on = answer.status_code == 302 and answer.url.startswith(
            (reverse("security:factor"), reverse("security:sign_in"))
        )
        if not is_sent_on and answer.status_code != 405:
            opened.append((name, address, answer.status_code))
    assert opened == []
    assert dict(client.session.items()) == before
    assert SESSION_KEY not in client.session


def test_a_signed_in_session_without_its_factor_is_ended(client, nurse):
    with_factor(nurse)
    client.force_login(nurse, backend=sessions.BACKEND)
    answer = client.get(ACCOUNT)
    assert "reason=factor" in answer.url
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize("name", ["admin:login", "admin:password_change", "admin:index"])
def test_no_way_into_the_administration_passes_by_the_factor(client, name):
    boss = staff("administrator", email="boss@example.org")
    with_factor(boss)
    give_name(client, "boss@example.org")
    answer = client.get(reverse(name), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("security:factor"))


def test_htmx_is_sent_to_the_sign_in_page_as_a_whole(client):
    answer = client.get(ACCOUNT, HTTP_HX_REQUEST="true")
    assert answer.status_code == 403
    assert answer.headers["HX-Redirect"].startswith(reverse("security:sign_in"))


# Time


def test_a_session_ends_after_fifteen_idle_minutes(client, nurse, clock):
    signed_in(client, nurse)
    clock.shift(timedelta(seconds=settings.STAFF_IDLE_SECONDS - 1))
    assert client.get(ACCOUNT).status_code == 200
    clock.shift(timedelta(seconds=settings.STAFF_IDLE_SECONDS + 1))
    key = client.session.session_key
    answer = client.get(f"{ACCOUNT}?tab=1")
    assert answer.url == f"{reverse('security:sign_in')}?next=%2Faccount%2F%3Ftab%3D1&reason=idle"
    assert not Session.objects.filter(session_key=key).exists()
    assert expired() == 1
    assert b"You were away" in client.get(answer.url).content


def test_activity_keeps_a_session_and_polls_do_not(client, nurse, clock):
    signed_in(client, nurse)
    for _turn in range(4):
        clock.shift(timedelta(minutes=10))
        assert client.get(ACCOUNT).status_code == 200
    for _turn in range(2):
        clock.shift(timedelta(minutes=7))
        assert client.get(ACCOUNT, HTTP_X_BACKGROUND="1").status_code == 200
    clock.shift(timedelta(minutes=2))
    assert "reason=idle" in client.get(ACCOUNT, HTTP_X_BACKGROUND="1").url


def test_a_session_ends_after_twelve_hours_whatever_happens(client, nurse, clock):
    signed_in(client, nurse)
    for _turn in range(12 * 6):
        clock.shift(timedelta(minutes=10))
        assert client.get(ACCOUNT).status_code == 200
    clock.shift(timedelta(minutes=1))
    assert "reason=absolute" in client.get(ACCOUNT).url


def test_the_last_activity_is_written_at_most_every_half_minute(client, nurse, clock):
    signed_in(client, nurse)
    begun = client.session[sessions.SEEN_AT]
    clock.shift(timedelta(seconds=29))
    client.get(ACCOUNT)
    assert client.session[sessions.SEEN_AT] == begun
    clock.shift(timedelta(seconds=1))
    client.get(ACCOUNT)
    assert client.session[sessions.SEEN_AT] == begun + 30


def test_a_post_to_an_ended_session_changes_nothing(client, nurse, clock):
    signed_in(client, nurse)
    clock.shift(timedelta(hours=1))
    before = User.objects.get(pk=nurse.pk).password
    form = {"old": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!"}
    assert "reason=idle" in client.post(reverse("security:password_change"), form).url
    assert User.objects.get(pk=nurse.pk).password == before


def test_a_factor_from_the_future_is_not_fresh(client, nurse, clock):
    signed_in(client, nurse)
    make_stale(client, factor_at=sessions.now() + 60)
    answer = client.get(reverse("security:password_change"))
    assert answer.url.startswith(reverse("security:step_up"))


# Account


@pytest.mark.parametrize("end", ["disabled", "ended", "password"])
def test_a_session_ends_with_the_account_on_the_next_request(client, nurse, end):
    signed_in(client, nurse)
    boss = staff("administrator", email="boss@example.org")
    with acting(boss):
        if end == "disabled":
            users.deactivate(user=nurse, by=boss)
        elif end == "ended":
            yesterday = timezone.localdate() - timedelta(days=1)
            users.end_on(user=nurse, day=yesterday, by=boss)
        else:
            users.set_password(user=nurse, password="other words 2026", by=boss)
    answer = client.get(ACCOUNT)
    assert answer.url.startswith(reverse("security:sign_in"))
    assert SESSION_KEY not in client.session
    # Django itself drops a session whose password changed, before anybody is asked.
    ends = Event.objects.filter(action="security.session.expired")
    assert [event.subjects for event in ends] == ([] if end == "password" else [[nurse.pk]])


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(client, nurse):
    other = Client()
    factor = signed_in(other, nurse)
    give_name(client)
    give_code(client, code_of(factor, steps=1))
    key = client.session.session_key
    form = {"old": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!"}
    assert client.post(reverse("security:password_change"), form).url == ACCOUNT
    assert client.session.session_key != key
    assert client.get(ACCOUNT).status_code == 200
    assert other.get(ACCOUNT).status_code == 302


# Fresh factor


def test_what_needs_a_fresh_factor_asks_for_it_after_five_minutes(client, nurse, clock):
    factor = signed_in(client, nurse)
    assert client.get(reverse("security:password_change")).status_code == 200
    clock.shift(timedelta(seconds=settings.STEP_UP_SECONDS + 1))
    asked = client.get(reverse("security:password_change"))
    assert asked.url.startswith(reverse("security:step_up"))
    page = client.get(asked.url)
    key = client.session.session_key
    form = {"code": code_of(factor), "next": page.context["next"]}
    answer = client.post(reverse("security:step_up"), form)
    assert answer.url == reverse("security:password_change")
    assert client.session.session_key != key
    assert client.get(answer.url).status_code == 200
    assert Event.objects.filter(action="security.session.stepped_up").count() == 1


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("/account/password/", "Changing your password needs a fresh code."),
        ("/account/factors/new/", "Adding a second factor needs a fresh code."),
        ("/account/", "Changing how you sign in needs a fresh code."),
        ("/admin/security/user/add/?x=1", "Changing this record in the administration needs"),
        ("/no/such/page/", "What you are about to do needs a fresh code."),
        ("https://example.org/account/password/", "Changing how you sign in needs a fresh code."),
    ],
)
def test_the_page_says_what_the_fresh_code_is_asked_for(client, nurse, wanted, sentence):
    signed_in(client, nurse)
    page = client.get(reverse("security:step_up"), {"next": wanted})
    assert sentence in page.content.decode()


def test_the_code_of_the_sign_in_is_not_fresh_a_second_time(client, nurse, clock):
    factor = signed_in(client, nurse)
    used = code_of(factor)
    assert client.post(reverse("security:step_up"), {"code": used}).status_code == 422


def test_wrong_codes_at_the_fresh_factor_end_the_session(client, nurse, clock):
    signed_in(client, nurse)
    for _turn in range(30):
        answer = client.post(reverse("security:step_up"), {"code": "000000"})
        if answer.status_code == 302:
            break
        clock.shift(timedelta(minutes=4))
        client.get(ACCOUNT)
    assert SESSION_KEY not in client.session


# Contents


def test_a_session_holds_ids_and_times_and_nothing_of_a_person(client, nurse):
    signed_in(client, nurse)
    held = dict(client.session.items())
    assert set(held) == {
        "_auth_user_id", "_auth_user_backend", "_auth_user_hash", "otp_device_id", "factor_at",
        "started_at", "seen_at", "bond",
    }  # fmt: skip
    assert "nurse@" not in json.dumps(held)


def test_the_stated_purpose_is_one_of_the_users_and_an_event(client, nurse):
    signed_in(client, nurse)
    assert client.post(reverse("crm:purpose"), {"purpose": "ETREAT"}).status_code == 302
    assert client.session["purpose"] == "ETREAT"
    assert client.post(reverse("crm:purpose"), {"purpose": "HMARKT"}).status_code == 403
    assert client.session["purpose"] == "ETREAT"
    stated = Event.objects.get(action="security.session.purpose_stated")
    assert stated.purpose == "ETREAT"


def test_expired_sessions_are_swept(client, nurse):
    signed_in(client, nurse)
    tasks.sweep()
    assert Session.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        tasks.sweep()
    assert Session.objects.count() == 0
