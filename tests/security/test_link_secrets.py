"""What a one-time link lets somebody choose, and where its token must never stand."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from security.models import OutboxMessage, Throttle, User
from security.services import one_time_links, password_resets, users
from tests.security.people import (
    acting,
    chooses,
    invite,
    is_refused,
    link_of,
    opens,
    signed_in,
    staff,
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


# Passwords


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short words", "too short"), ("", "required"), ("password1234", "too common"),
        ("lin xiaoyu is here", "Leave out your own name"), ("lin.example words", None), ("custodia is great", "Leave out"),
        ("x" * 257, "at most 256"),
    ],
)  # fmt: skip
def test_a_weak_password_is_refused_and_the_link_stays(client, invited, password, says):
    user, token = invited
    opens(client, token)
    answer = chooses(client, password)
    if says is None:
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert link_of(user).used_at is None
    assert chooses(client, NEW).status_code == 302


def test_two_different_passwords_are_refused(client, invited):
    user, token = invited
    opens(client, token)
    assert chooses(client, NEW, NEW + " ").status_code == 422
    assert not User.objects.get(pk=user.pk).has_usable_password()


@pytest.mark.parametrize(
    "password",
    [
        "a" * 70 + " long",
        " spaces count both sides ",
        "雨天的时候我喜欢喝很多热茶",
        "🐢🐢🐢 slow and steady",
    ],
)
def test_a_password_is_taken_exactly_as_typed(client, invited, password):
    user, token = invited
    opens(client, token)
    assert chooses(client, password).status_code == 302
    with acting():
        row = User.objects.get(pk=user.pk)
        assert users.is_password(user=row, password=password)
        assert not users.is_password(user=row, password=password.strip() + "!")


# Where a token stands


def test_no_store_and_no_log_holds_a_token(client, invited, caplog):
    user, token = invited
    caplog.set_level("DEBUG")
    opens(client, token)
    opens(Client(), token[:-1] + "-")
    chooses(client, NEW)
    opens(Client(), token)
    assert token not in caplog.text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT string_agg(t::text, '|') FROM {table} t")
            assert token not in (cursor.fetchone()[0] or ""), table
    for session in Session.objects.all():
        assert token not in str(session.get_decoded())
    assert bytes(link_of(user).digest) == one_time_links.digest_of(token)


def test_the_address_without_the_token_is_the_one_that_stays(client, invited):
    _user, token = invited
    answer = client.get(LINK, {"t": token})
    assert answer.url == LINK
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    page = client.get(answer.url)
    assert token not in page.content.decode()
    assert token not in str(page.headers)


@pytest.mark.parametrize("host", ["evil.example", "localhost:1@evil.example", "127.0.0.1"])
def test_a_forged_host_gets_into_no_letter(boss, host):
    client = Client()
    signed_in(client, boss)
    form = {"display_name": "New", "email": "new@example.org", "phone": "", "language": "en"}
    client.post(reverse("admin:security_user_add"), form, HTTP_HOST=host)
    Client().post(
        reverse("security:forgotten"),
        {"name": "boss@example.org"},
        HTTP_HOST=host,
        HTTP_X_FORWARDED_HOST=host,
    )
    with acting():
        password_resets.answer_next()
        texts = [one.text for one in OutboxMessage.objects.all()]
    addresses = [found for text in texts for found in re.findall(r"https?://\S+", text)]
    assert all(one.startswith(f"{settings.BASE_URL}/link/?t=") for one in addresses)


def test_tokens_are_long_and_no_two_are_alike(boss):
    user = staff("nurse")
    with acting(boss):
        made = {one_time_links.issue(user=user, kind="invitation", by=boss) for _turn in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in made)


def test_who_tries_many_tokens_waits(client, invited):
    _user, token = invited
    for turn in range(one_time_links.OPENING.free):
        assert is_refused(opens(client, f"{turn:043d}"))
    answer = opens(client, token)
    assert answer.status_code == 400
    assert b"Too many attempts" in answer.content
    Throttle.objects.all().delete()
    assert "Welcome" in opens(client, token).content.decode()
