"""Guessing is slowed by what an attacker can not change, and never for the owner of the account."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from security.models import OutboxMessage, Throttle
from security.services import browsers, sign_in, throttle
from security.sessions import BROWSER_COOKIE
from tests.security.people import (
    PASSWORD,
    acting,
    code_of,
    give_code,
    give_name,
    signed_in,
    staff,
    with_factor,
)

pytestmark = pytest.mark.django_db
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def nurse():
    return staff("nurse")


@pytest.fixture
def hashed(monkeypatch):
    """Count the passwords that were really checked."""
    seen = []

    def spied(method):
        def spy(self, *given, **options):
            seen.append(1)
            return method(self, *given, **options)

        return spy

    monkeypatch.setattr(Argon2PasswordHasher, "encode", spied(Argon2PasswordHasher.encode))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", spied(Argon2PasswordHasher.verify))
    return seen


def guess(client=None, *, name="nurse@example.org", address=ELSEWHERE, **headers):
    return give_name(client or Client(), name, "wrong words", REMOTE_ADDR=address, **headers)


def is_slowed(response):
    return b"Too many attempts" in response.content


# Sources


@pytest.mark.prove(step=1, full=1000)
def test_dropped_cookies_and_forged_addresses_change_nothing(nurse, hashed, rounds):
    for turn in range(rounds):
        forged = f"198.51.100.{turn % 256}, 10.0.0.{turn % 256}"
        guess(HTTP_X_FORWARDED_FOR=forged, HTTP_USER_AGENT=str(turn))
    assert len(hashed) == throttle.PAIR.free


@pytest.mark.prove(step=1, full=10_000)
def test_many_names_from_one_source_are_slowed_and_leave_few_rows(nurse, hashed, rounds):
    for turn in range(rounds):
        guess(name=f"person{turn}@example.org")
    # The full count takes minutes, in which some waits end.
    checked = len(hashed)
    assert throttle.SOURCE.free <= checked < throttle.SOURCE.free + 10
    assert Throttle.objects.count() == 1 + 2 * checked
    assert Event.objects.filter(action="security.session.refused").count() == checked


def test_one_ipv6_network_is_one_source(nurse, hashed):
    for turn in range(50):
        guess(address=f"2001:db8:1:2::{turn:x}")
    assert len(hashed) == throttle.PAIR.free
    guess(address="2001:db8:1:3::1")
    assert len(hashed) == throttle.PAIR.free + 1


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("unix", "unknown"),
    ],
)
def test_a_source_is_an_address_or_a_network(address, source):
    assert throttle.source_of(address) == source


def test_many_sources_against_one_account_are_slowed_together(nurse, hashed):
    for turn in range(60):
        guess(address=f"198.51.100.{turn}")
    assert len(hashed) == throttle.ACCOUNT.free


def test_an_unknown_name_is_slowed_like_a_known_one(nurse):
    known, unknown = [
        [is_slowed(guess(name=name, address=f"198.51.{place}.1")) for _turn in range(9)]
        for place, name in enumerate(["nurse@example.org", "nobody@example.org"])
    ]
    assert known == unknown
    assert known.count(True) == 9 - throttle.PAIR.free


# The owner


def test_a_stranger_does_not_slow_the_browser_that_signed_in_before(client, nurse):
    factor = signed_in(client, nurse)
    client.post(reverse("security:sign_out"))
    for turn in range(80):
        guess(address=f"198.51.100.{turn}")
    for _turn in range(10):
        guess(address="127.0.0.1")
    assert is_slowed(give_name(Client(), REMOTE_ADDR="127.0.0.1"))
    assert give_name(client).status_code == 302
    assert give_code(client, code_of(factor, steps=1)).status_code == 302


def test_somebody_with_the_password_does_not_slow_the_codes_of_the_owner(client, nurse):
    factor = signed_in(client, nurse)
    client.post(reverse("security:sign_out"))
    thief = Client(REMOTE_ADDR=ELSEWHERE)
    for _turn in range(15):
        give_name(thief)
        give_code(thief, "000000")
    assert is_slowed(give_code(thief, code_of(factor, steps=1)))
    assert give_name(client).status_code == 302
    assert give_code(client, code_of(factor, steps=1)).status_code == 302


def test_a_known_browser_is_slowed_by_its_own_failures(client, nurse, hashed):
    signed_in(client, nurse)
    client.post(reverse("security:sign_out"))
    hashed.clear()
    for _turn in range(30):
        guess(client)
    assert len(hashed) == throttle.BROWSER.free


def test_the_cookie_of_a_known_browser_names_nobody_and_serves_its_accounts_only(client, nurse):
    other = staff("nurse", email="other@example.org")
    signed_in(client, nurse)
    cookie = client.cookies[BROWSER_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) > 100 * 24 * 3600
    for hint in ("nurse", nurse.handle, str(nurse.pk), nurse.pk.hex):
        assert hint not in cookie.value
    assert browsers.known(cookie=cookie.value, user=nurse)
    assert not browsers.known(cookie=cookie.value, user=other)
    assert not browsers.known(cookie=cookie.value[:-1] + "!", user=nurse)
    with time_machine.travel(timezone.now() + browsers.REMEMBERED + timedelta(days=1)):
        assert not browsers.known(cookie=cookie.value, user=nurse)


def test_a_shared_workstation_is_known_for_each_who_works_there(client, nurse):
    other = staff("nurse", email="other@example.org")
    signed_in(client, nurse)
    client.post(reverse("security:sign_out"))
    signed_in(client, other)
    value = client.cookies[BROWSER_COOKIE].value
    first, second = (
        browsers.known(cookie=value, user=nurse),
        browsers.known(cookie=value, user=other),
    )
    assert first == second != ""


def test_the_right_password_ends_the_count_of_the_account_not_that_of_the_source(client, nurse):
    with_factor(nurse)
    for _turn in range(throttle.PAIR.free - 1):
        guess(client, address="127.0.0.1")
    assert give_name(client).status_code == 302
    source = throttle.Counter(throttle.SOURCE, "127.0.0.1")
    assert throttle.failures(source) == throttle.PAIR.free - 1
    client.post(reverse("security:sign_out"))
    for _turn in range(throttle.PAIR.free - 1):
        assert not is_slowed(guess(client, address="127.0.0.1"))


# Time


def test_the_wait_is_told_in_a_sentence_doubles_and_passes(nurse, hashed):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _turn in range(throttle.PAIR.free):
            assert not is_slowed(guess())
        waits = []
        for _turn in range(4):
            begun = timezone.now()
            while is_slowed(guess()):
                clock.shift(timedelta(seconds=5))
            waits.append((timezone.now() - begun).total_seconds())
    assert waits == [30, 60, 120, 240]
    assert throttle.sentence(timedelta(seconds=200)) == "Too many attempts. Try again in 4 minutes."


def test_waits_have_a_longest_and_counters_are_forgotten_after_a_day(nurse):
    assert throttle.ACCOUNT.wait_after(10_000) == throttle.ACCOUNT.longest
    guess()
    with acting():
        assert throttle.sweep() == 0
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
            assert throttle.sweep() == 3
    assert not Throttle.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted_before_they_are_checked(hashed):
    staff("nurse")
    hashed.clear()
    barrier = Barrier(50)

    def run(_place):
        try:
            barrier.wait()
            return guess().status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(run, range(50)))
    assert set(answers) == {422}
    assert len(hashed) == throttle.PAIR.free


# Codes


def test_wrong_codes_end_a_pending_sign_in(client, nurse):
    factor, _codes = with_factor(nurse)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        give_name(client)
        for _turn in range(60):
            answer = give_code(client, "000000")
            if answer.status_code == 302:
                break
            clock.shift(timedelta(seconds=30))
        # Half an hour at most, since a pending sign-in lasts ten minutes.
        assert "reason=" in answer.url
        assert give_code(client, code_of(factor)).url.startswith(reverse("security:sign_in"))


def test_ten_wrong_codes_in_time_stop_a_pending_sign_in(nurse):
    with_factor(nurse)
    checked = 0
    with time_machine.travel(timezone.now(), tick=False) as clock, acting(nurse):
        while True:
            answer = sign_in.second_factor(user=nurse, code="000000", pending="one", browser="")
            checked += answer.wait is None
            if answer.is_stopped:
                break
            clock.shift(timedelta(seconds=10))
    assert checked == throttle.PENDING_STOP


def test_slow_guessing_over_a_day_is_stopped_told_and_an_event(nurse):
    with_factor(nurse)
    checked = stopped = 0
    with time_machine.travel(timezone.now(), tick=False) as clock, acting(nurse):
        for turn in range(24 * 6):
            answer = sign_in.second_factor(
                user=nurse, code="000000", pending=f"sign-in {turn}", browser=""
            )
            checked += answer.wait is None
            stopped += answer.is_stopped
            clock.shift(timedelta(minutes=10))
        assert 0 < stopped < checked < 60
        assert Event.objects.filter(action="security.factor.guessed").count() == stopped
        assert any("wrong codes" in message.text for message in OutboxMessage.objects.all())


@pytest.mark.prove(step=1, full=24 * 120)
def test_three_wrong_codes_every_half_minute_for_a_day_are_few_that_are_checked(nurse, rounds):
    with_factor(nurse)
    checked = 0
    with time_machine.travel(timezone.now(), tick=False) as clock, acting(nurse):
        for turn in range(rounds):
            for _guess in range(3):
                answer = sign_in.second_factor(
                    user=nurse, code="000000", pending=f"sign-in {turn}", browser=""
                )
                checked += answer.wait is None
            clock.shift(timedelta(seconds=30))
    assert throttle.FACTOR.free <= checked < 50
    is_told = Event.objects.filter(action="security.factor.guessed").exists()
    assert is_told is (checked >= throttle.FACTOR_STOP)


def test_the_owners_success_takes_back_only_the_own_wrong_codes(nurse):
    factor, _codes = with_factor(nurse)
    total = throttle.Counter(throttle.FACTOR, str(nurse.pk))

    def give(code, pending):
        return sign_in.second_factor(user=nurse, code=code, pending=pending, browser="")

    with acting(nurse):
        for _turn in range(3):
            give("000000", "the thief's")
        give("000000", "the owner's")
        assert give(code_of(factor), "the owner's").factor is not None
        assert throttle.failures(total) == 3


def test_the_own_password_can_not_be_guessed_from_an_open_workstation(client, nurse, hashed):
    signed_in(client, nurse)
    hashed.clear()
    form = {"old": "wrong words", "new": PASSWORD + "!", "again": PASSWORD + "!"}
    for _turn in range(20):
        client.post(reverse("security:password_change"), form)
    assert len(hashed) == throttle.OWN.free
