"""One-time links: one use, one person, limited time; opening uses nothing up, and no token is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event, State
from security import sessions, trail
from security.models import OneTimeLink, User
from security.services import (
    factors,
    invitations,
    one_time_links,
    password_resets,
    users,
)
from tests.security.people import (
    PASSWORD,
    acting,
    chooses,
    give_code,
    give_name,
    invite,
    is_refused,
    link_of,
    make_stale,
    opens,
    signed_in,
    staff,
    token_of,
    with_factor,
)

pytestmark = pytest.mark.django_db
LINK = "/link/"
NEW = "seven quiet rivers 2026"


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.org", name="Gao Zhiqiang")


@pytest.fixture
def invited(boss):
    return invite(boss)


# The way of an invitation


def test_an_invitation_leads_to_a_password_then_to_a_factor_then_in(client, invited):
    user, token = invited
    assert "Welcome" in opens(client, token).content.decode()
    assert chooses(client, NEW).url == reverse("security:enrol")
    assert b"<svg" in client.get(reverse("security:enrol")).content
    assert client.get("/account/").status_code == 302
    with acting():
        pending = user.totpfactor_set.get()
        code = factors.oath(pending)
        shown = client.post(reverse("security:enrol"), {"code": f"{code.token():06d}"})
    assert len(shown.context["codes"]) == 10
    assert client.get("/account/").status_code == 200
    assert give_name(Client(), "lin@example.org", NEW).url.startswith(reverse("security:factor"))
    done = Event.objects.filter(subjects__contains=[user.pk]).order_by("recorded_at")
    names = [event.action for event in done]
    for action in ("security.link.issued", "security.link.used", "security.factor.enrolled"):
        assert action in names


def test_issuing_and_using_leave_the_state_of_the_row(client, invited):
    user, token = invited
    opens(client, token)
    chooses(client, NEW)
    row = link_of(user)
    kept = State.objects.filter(object_id=row.pk)
    assert kept.count() == 2
    used = Event.objects.get(action="security.link.used")
    assert (used.object_id, used.fields, used.actor_id) == (
        row.pk,
        ["security.link.invitation"],
        user.pk,
    )


def test_opening_uses_nothing_up_however_often_a_scanner_looks(invited):
    user, token = invited
    for _turn in range(5):
        scanner = Client()
        assert scanner.get(LINK, {"t": token}, HTTP_USER_AGENT="LinkScanner").status_code == 302
        assert scanner.get(LINK).status_code == 200
        assert scanner.head(LINK, {"t": token}).status_code == 405
    assert link_of(user).used_at is None
    person = Client()
    opens(person, token)
    assert chooses(person, NEW).status_code == 302


def test_after_its_use_neither_going_back_nor_opening_again_works(client, invited):
    _user, token = invited
    opens(client, token)
    chooses(client, NEW)
    assert is_refused(client.get(LINK))
    assert is_refused(client.post(LINK, {"new": "x" * 20, "again": "x" * 20}))
    assert is_refused(opens(Client(), token))
    assert is_refused(opens(client, token))
    assert Event.objects.filter(action="security.link.refused").count() == 2


def test_a_page_that_was_open_before_the_use_uses_nothing_a_second_time(invited):
    user, token = invited
    first, second = Client(), Client()
    opens(first, token)
    opens(second, token)
    assert chooses(first, NEW).status_code == 302
    assert is_refused(chooses(second, "another one's words"))
    with acting():
        assert users.is_password(user=User.objects.get(pk=user.pk), password=NEW)


@pytest.mark.parametrize(
    "changed",
    [
        lambda t: t.upper(), lambda t: t.lower(), lambda t: t.swapcase(), lambda t: t[:-1], lambda t: t[1:],
        lambda t: t + "A", lambda t: t + "=", lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
        lambda t: ("A" if t[0] != "A" else "B") + t[1:], lambda t: t[::-1], lambda t: " " + t, lambda t: t + "\n",
        lambda t: t.replace(t[5], "%00", 1), lambda t: "", lambda t: "x" * 5000, lambda t: "' OR 1=1 --",
        lambda t: "\u202e" + t, lambda t: t[:20] + "\u200b" + t[20:], lambda t: t[:42] + "\uff21",
        lambda t: "../" + t, lambda t: "A" * 43,
    ],
)  # fmt: skip
def test_a_token_that_is_not_exactly_the_one_that_was_sent_opens_nothing(client, invited, changed):
    user, token = invited
    if changed(token) == token:
        pytest.skip("this token is the same both ways")
    assert is_refused(opens(client, changed(token)))
    assert sessions.LINK not in client.session
    assert link_of(user).used_at is None


def test_no_answer_leaves_a_token_in_the_address_and_a_bad_one_closes_what_was_open(invited):
    user, token = invited
    client = Client()
    opens(client, token)
    bad = client.get(LINK, {"t": token[:-1] + "~"})
    assert bad.url == LINK
    assert is_refused(client.get(LINK))
    assert is_refused(chooses(client, NEW))
    assert link_of(user).used_at is None


def test_every_flipped_bit_of_a_token_opens_nothing(invited):
    _user, token = invited
    with acting():
        for place in range(0, len(token), 3):
            for bit in range(7):
                other = token[:place] + chr(ord(token[place]) ^ (1 << bit)) + token[place + 1 :]
                assert one_time_links.find(other) is None
        assert one_time_links.find(token) is not None


@pytest.mark.parametrize(
    ("kind", "lasts"),
    [("invitation", timedelta(days=7)), ("password_reset", timedelta(hours=1)), ("factor_reset", timedelta(days=1))],
)  # fmt: skip
def test_a_link_lives_to_the_second_and_no_longer(boss, kind, lasts):
    user = staff("nurse")
    with time_machine.travel(timezone.now(), tick=False) as clock, acting(boss):
        token = one_time_links.issue(user=user, kind=kind, by=boss, checked="video")
        clock.shift(lasts - timedelta(seconds=1))
        assert one_time_links.find(token) is not None
        clock.shift(timedelta(seconds=1))
        assert one_time_links.find(token) is None
        with pytest.raises(one_time_links.LinkOver):
            one_time_links.use(link_id=link_of(user).pk, kinds=[kind])


def test_a_page_left_open_past_the_end_of_its_link_changes_nothing(client, invited):
    user, token = invited
    with time_machine.travel(timezone.now(), tick=False) as clock:
        opens(client, token)
        OneTimeLink.objects.filter(user=user).update(expires_at=timezone.now())
        clock.shift(timedelta(seconds=1))
        assert is_refused(chooses(client, NEW))
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_new_link_voids_the_one_before(boss, invited):
    user, token = invited
    with acting(boss):
        invitations.send_again(user=user, by=boss)
    newer = token_of(user, "account.invitation")
    assert is_refused(opens(Client(), token))
    assert "Welcome" in opens(Client(), newer).content.decode()
    assert Event.objects.filter(action="security.link.revoked").count() == 1


@pytest.mark.parametrize("state", ["disabled", "ended"])
def test_the_link_of_an_account_that_may_not_sign_in_opens_nothing(client, boss, invited, state):
    user, token = invited
    opens(client, token)
    with acting(boss):
        if state == "disabled":
            users.deactivate(user=user, by=boss)
        else:
            users.end_on(user=user, day=timezone.localdate() - timedelta(days=1), by=boss)
    assert is_refused(opens(Client(), token))
    assert is_refused(chooses(client, NEW))
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_link_of_one_kind_does_not_what_another_kind_does(boss):
    user = staff("nurse")
    with acting(boss):
        one_time_links.issue(user=user, kind="factor_reset", by=boss, checked="video")
        row = link_of(user)
        with pytest.raises(one_time_links.LinkOver):
            password_resets.choose(link_id=row.pk, password=NEW)
    assert link_of(user).used_at is None


def test_somebody_elses_session_at_the_browser_ends_when_the_link_is_used(boss, invited):
    user, token = invited
    client = Client()
    signed_in(client, boss)
    assert "Welcome" in opens(client, token).content.decode()
    assert chooses(client, NEW).url == reverse("security:enrol")
    assert client.session["half"]["user"] == str(user.pk)
    assert client.get("/account/").status_code == 302
    assert Event.objects.filter(action="security.session.signed_out", subjects=[boss.pk]).exists()


def test_a_half_or_expired_session_does_not_put_the_token_into_another_address(boss, invited):
    _user, token = invited
    half, idle = Client(), Client()
    with_factor(boss)
    give_name(half, "boss@example.org")
    assert half.get(LINK, {"t": token}).url == LINK
    signed_in(idle, boss)
    make_stale(idle, seen_at=0)
    again = idle.get(LINK, {"t": token})
    assert again.url == f"{LINK}?t={token}"
    assert "Welcome" in idle.get(again.url, follow=True).content.decode()


# The rows


def test_the_database_keeps_one_unspent_link_of_a_kind(boss, invited):
    user, _token = invited
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeLink.objects.create(
            user=user, kind="invitation", digest=b"x" * 32, expires_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeLink.objects.create(
            user=None, kind="invitation", digest=b"y" * 32, expires_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeLink.objects.create(
            user=user, kind="factor_reset", digest=b"z" * 32, expires_at=timezone.now()
        )


def test_a_deed_and_its_event_fail_together(boss, monkeypatch):
    user = staff("nurse")

    def broken(entry):
        raise RuntimeError("the trail is full")

    trail.install(broken)
    try:
        with acting(boss), pytest.raises(RuntimeError):
            one_time_links.issue(user=user, kind="invitation", by=boss)
    finally:
        trail.uninstall(broken)
    assert not OneTimeLink.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.prove(step=2, full=50)
def test_of_many_who_use_a_link_at_once_one_succeeds(rounds):
    boss = staff("administrator", email="boss@example.org")
    user, _token = invite(boss)
    link_id = link_of(user).pk

    def run(place):
        try:
            with acting():
                password_resets.choose(link_id=link_id, password=f"{NEW} number {place}")
        except one_time_links.LinkOver:
            return None
        else:
            return place
        finally:
            connection.close()

    with ThreadPoolExecutor(min(rounds, 50)) as pool:
        won = [place for place in pool.map(run, range(rounds)) if place is not None]
    assert len(won) == 1
    with acting():
        row = User.objects.get(pk=user.pk)
        assert users.is_password(user=row, password=f"{NEW} number {won[0]}")
    assert Event.objects.filter(action="security.link.used").count() == 1


def test_the_password_of_a_link_does_not_pass_by_a_factor_that_is_there(client):
    user = staff("nurse")
    with_factor(user)
    with acting():
        password_resets.ask(typed="nurse@example.org")
        password_resets.answer_next()
    opens(client, token_of(user, "account.password_reset"))
    assert chooses(client, NEW).url == reverse("security:sign_in")
    assert client.get("/account/").status_code == 302
    assert give_name(client, password=PASSWORD).status_code == 422
    assert give_name(client, password=NEW).url.startswith(reverse("security:factor"))
    assert give_code(client, "000000").status_code == 422
    assert client.get(reverse("security:enrol")).url == reverse("security:factor")
