"""Forgotten passwords: one answer and one amount of work for every name; the link goes to the stored address."""

import random
import re
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from security import tasks
from security.delivery import channels
from security.models import OneTimeLink, OutboxMessage, ResetRequest, Throttle, User
from security.services import factor_resets, password_resets, users
from tests.security.people import (
    PASSWORD,
    acting,
    chooses,
    give_name,
    invite,
    opens,
    signed_in,
    staff,
    token_of,
    with_factor,
    without_token,
)
from tests.security.test_enumeration import chance

pytestmark = pytest.mark.django_db
FORGOTTEN = "/sign-in/forgotten/"
NEW = "seven quiet rivers 2026"
MAIL = {
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "DELIVERY_CHANNELS": {"email": "security.delivery.channels.EmailChannel"},
}


@pytest.fixture
def nurse():
    return staff("nurse", phone="+8613800138000")


def ask(client, name):
    return client.post(FORGOTTEN, {"name": name})


def answer():
    with acting():
        while password_resets.answer_next():
            pass


def letters():
    with acting():
        rows = OutboxMessage.objects.filter(topic="account.password_reset")
        return [(one.address, one.text) for one in rows.order_by("created_at")]


def test_the_sign_in_page_leads_there(client):
    assert FORGOTTEN in client.get(reverse("security:sign_in")).content.decode()


@pytest.mark.parametrize("name", ["nurse@example.org", "NURSE@example.org", "+86 138 0013 8000"])
def test_a_link_goes_to_the_stored_address_and_sets_a_new_password(client, nurse, name):
    with_factor(nurse)
    assert ask(client, name).url == reverse("security:forgotten_sent")
    answer()
    assert [address for address, _text in letters()] == ["nurse@example.org"]
    opens(client, token_of(nurse, "account.password_reset"))
    assert chooses(client, NEW).status_code == 302
    assert give_name(client, password=NEW).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        "m\u0131ke@example.org", "mike@examp\u013ae.org", "\uff4dike@example.org",
        "mike@example.org\u200b", "m\u0456ke@example.org", "mike@example.org,evil@evil.example", "mike@example.org\u3002evil",
        "mike@example.org\nBcc: evil@evil.example", "mike@example.org%0aBcc:evil@evil.example", "mike@exampl\u212f.org",
    ],
)  # fmt: skip
def test_a_look_alike_of_an_address_gets_no_letter_and_brings_none(client, typed):
    staff("nurse", email="mike@example.org")
    assert ask(client, typed).status_code in {302, 422}
    answer()
    assert letters() == []


def test_a_sign_that_stands_for_a_letter_brings_the_letter_to_the_stored_address(client):
    staff("nurse", email="mike@example.org")
    ask(client, "mi\u212ae@example.org")
    answer()
    assert [address for address, _text in letters()] == ["mike@example.org"]


@pytest.mark.parametrize("stored", ["mise@example.org", "Mi\u017fe@example.org"])
def test_of_two_accounts_that_look_alike_each_gets_the_own_letter_alone(client, stored):
    staff("nurse", email="mise@example.org")
    staff("nurse", email="mi\u017fe@example.org")
    ask(client, stored)
    answer()
    wanted = "mise@example.org" if stored.isascii() else "mi\u017fe@example.org"
    assert [address for address, _text in letters()] == [wanted]


def test_every_name_gets_the_same_page_and_writes_the_same_rows(nurse):
    with acting():
        users.deactivate(user=staff("nurse", email="off@example.org"), by=None)
        staff(kind=User.Kind.PATIENT, email="patient@example.org")
        staff("nurse", email="", phone="+8613800138001")
    ask(Client(), "warm@example.org")
    pages, queries = [], []
    names = (
        "nurse@example.org",
        "nobody@example.org",
        "off@example.org",
        "patient@example.org",
        "+8613800138001",
    )
    for name in names:
        Throttle.objects.all().delete()
        client = Client()
        with CaptureQueriesContext(connection) as made:
            posted = ask(client, name)
        queries.append([re.sub(r"'[^']*'|\d+", "?", one["sql"])[:60] for one in made])
        pages.append((posted.status_code, posted.url, without_token(client.get(posted.url))))
    assert all(page == pages[0] for page in pages)
    assert all(made == queries[0] for made in queries)
    rows = ResetRequest.objects.count()
    assert rows == len(names) + 1
    answer()
    assert [address for address, _text in letters()] == ["nurse@example.org"]
    assert not ResetRequest.objects.exists()
    asked = Event.objects.filter(action="security.user.password_reset_asked")
    assert {tuple(event.subjects) for event in asked} == {()}


@pytest.mark.django_db(transaction=True)
@pytest.mark.prove(step=2, full=500)
def test_known_and_unknown_names_take_equal_time(rounds):
    staff("nurse")
    names = {"known": "nurse@example.org", "unknown": "nobody@example.org"}
    times = {who: [] for who in names}
    for _round in range(rounds):
        for who in random.sample(sorted(names), len(names)):
            Throttle.objects.all().delete()
            client = Client()
            begun = time.perf_counter()
            assert ask(client, names[who]).status_code == 302
            times[who].append(time.perf_counter() - begun)
    assert chance(times["known"], times["unknown"]) > 0.001


def test_a_server_of_mail_that_is_down_changes_no_page(client, nurse, monkeypatch):
    def down(self, letter):
        raise ConnectionRefusedError

    with override_settings(**MAIL):
        monkeypatch.setattr(channels.EmailChannel, "send", down)
        before = ask(client, "nobody@example.org")
        assert ask(client, "nurse@example.org").url == before.url
        tasks.drain()
    assert OutboxMessage.objects.get(topic="account.password_reset").state == "waiting"


def test_the_task_answers_and_sends_one_letter_without_health_content(client, nurse):
    ask(client, "nurse@example.org")
    with override_settings(**MAIL):
        channels._made.cache_clear()
        tasks.drain()
        channels._made.cache_clear()
    sent = [one for one in mail.outbox if "/link/?t=" in one.body]
    assert [one.to for one in sent] == [["nurse@example.org"]]
    assert "patient" not in sent[0].body
    assert "Zhou" not in sent[0].body + sent[0].subject


def test_all_sessions_of_the_account_end_and_its_person_is_told(nurse):
    at_work, thief = Client(), Client()
    signed_in(at_work, nurse)
    ask(thief, "nurse@example.org")
    answer()
    opens(thief, token_of(nurse, "account.password_reset"))
    chooses(thief, NEW)
    assert at_work.get("/account/").url.startswith(reverse("security:sign_in"))
    assert thief.get("/account/").url.startswith(reverse("security:sign_in"))
    with acting():
        told = [one.text for one in OutboxMessage.objects.filter(topic="account.credential")]
    assert any("Your password was changed" in text for text in told)
    assert not any(NEW in text for text in told)


def test_asking_changes_nothing_by_itself(client, nurse):
    at_work = Client()
    signed_in(at_work, nurse)
    ask(client, "nurse@example.org")
    answer()
    assert at_work.get("/account/").status_code == 200
    assert give_name(Client(), password=PASSWORD).status_code == 302


def test_who_asks_again_and_again_waits_whether_or_not_there_is_an_account(nurse):
    for name in ("nurse@example.org", "nobody@example.org"):
        Throttle.objects.all().delete()
        statuses = [ask(Client(), name).status_code for _turn in range(6)]
        assert statuses == [302] * 4 + [422] * 2
    Throttle.objects.all().delete()
    spelled = [
        "nurse@example.org",
        "NURSE@example.org",
        " nurse@example.org",
        "Nurse@Example.org",
        "nurse@example.org ",
    ]
    assert [ask(Client(), name).status_code for name in spelled][-1] == 422


def test_the_newer_link_voids_the_older_one(nurse):
    ask(Client(), "nurse@example.org")
    answer()
    older = token_of(nurse, "account.password_reset")
    ask(Client(), "nurse@example.org")
    answer()
    assert opens(Client(), older).status_code == 400
    assert opens(Client(), token_of(nurse, "account.password_reset")).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 255,
        "\x00",
        "@",
        "a@",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "💥@💥.example",
        "none",
    ],
)
def test_odd_names_are_answered_like_others(client, nurse, name):
    assert ask(client, name).status_code in {302, 422}
    answer()
    assert not OneTimeLink.objects.exists()


def test_a_request_that_waited_for_hours_is_dropped_unanswered(client, nurse):
    ask(client, "nurse@example.org")
    ResetRequest.objects.update(asked_at=timezone.now() - timedelta(hours=3))
    answer()
    assert letters() == []
    assert not ResetRequest.objects.exists()


def test_an_invitation_that_ran_out_is_not_revived_by_asking_for_a_password(client):
    boss = staff("administrator", email="boss@example.org")
    invite(boss)
    OneTimeLink.objects.update(expires_at=timezone.now())
    ask(client, "lin@example.org")
    answer()
    assert letters() == []


@pytest.mark.parametrize("deed", ["own change", "disabled and enabled"])
def test_a_link_that_was_sent_before_a_change_of_the_account_is_void(client, nurse, deed):
    ask(client, "nurse@example.org")
    answer()
    with acting():
        if deed == "own change":
            users.set_password(user=nurse, password=NEW, by=nurse)
        else:
            users.deactivate(user=nurse, by=None)
            users.reactivate(user=nurse, by=None)
    assert opens(Client(), token_of(nurse, "account.password_reset")).status_code == 400


def test_a_lost_factor_that_was_reset_closes_this_way(client, nurse):
    with_factor(nurse)
    boss = staff("administrator", email="boss@example.org")
    ask(client, "nurse@example.org")
    answer()
    before = token_of(nurse, "account.password_reset")
    with acting(boss):
        factor_resets.start(user=nurse, checked="in_person", note="Passport seen", by=boss)
    assert opens(Client(), before).status_code == 400
    Throttle.objects.all().delete()
    ask(client, "nurse@example.org")
    answer()
    assert len(letters()) == 1
    assert (
        Event.objects.filter(
            action="security.user.password_reset_refused", subjects=[nurse.pk]
        ).count()
        == 1
    )
