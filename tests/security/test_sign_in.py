"""Signing in: two steps, one answer for every name that does not get in, a new session key each time."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from security.models import User
from security.services import factors, users
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
    with_first_password,
    without_token,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse():
    return staff("nurse")


def actions():
    return list(Event.objects.order_by("recorded_at", "id").values_list("action", flat=True))


# The way in


def test_name_and_password_lead_to_the_code_and_the_code_into_the_workspace(client, nurse):
    factor, _codes = with_factor(nurse)
    first = give_name(client)
    assert first.status_code == 302
    assert first.url.startswith(reverse("security:factor"))
    assert client.get(reverse("security:factor")).status_code == 200
    second = give_code(client, code_of(factor))
    assert second.url == reverse("crm:home")
    assert client.get(reverse("security:account")).status_code == 200
    assert "security.session.signed_in" in actions()


def test_a_phone_number_is_a_name_too(client):
    user = staff("nurse", email="", phone="+86 138 0013 8000")
    factor, _codes = with_factor(user)
    assert give_name(client, "138-0013-8000").status_code == 302
    assert give_code(client, code_of(factor)).url == reverse("crm:home")


@pytest.mark.parametrize("typed", ["NURSE@example.org", " nurse@example.org ", "nurse@EXAMPLE.org"])
def test_case_and_spaces_around_a_name_do_not_matter(client, nurse, typed):
    with_factor(nurse)
    assert give_name(client, typed).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        "nurſe@example.org",
        "nurse@ex\u0430mple.org",
        "nurse@exampl\u212f.org",
        "n\u200burse@example.org",
    ],
)
def test_look_alikes_of_a_name_do_not_sign_in(client, nurse, typed):
    assert give_name(client, typed).status_code == 422


def test_the_password_is_taken_exactly_as_typed(client, nurse):
    long = "  spaces around, 雨 and 80 letters: " + "x" * 50 + "  "
    with acting():
        users.set_password(user=nurse, password=long, by=nurse)
    assert give_name(client, password=long).status_code == 302
    client.post(reverse("security:sign_out"))
    assert give_name(client, password=long.strip()).status_code == 422


def test_the_session_key_changes_at_each_step_and_old_keys_are_dead(client, nurse):
    factor, _codes = with_factor(nurse)
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    keys = [session.session_key]
    give_name(client)
    keys.append(client.session.session_key)
    assert "planted" not in client.session
    give_code(client, code_of(factor))
    keys.append(client.session.session_key)
    client.post(reverse("security:step_up"), {"code": code_of(factor, steps=1)})
    keys.append(client.session.session_key)
    assert len(set(keys)) == 4
    assert list(Session.objects.values_list("session_key", flat=True)) == [keys[-1]]


def test_the_half_session_holds_no_password_and_nobody_is_signed_in(client, nurse):
    with_factor(nurse)
    give_name(client)
    assert PASSWORD not in str(dict(client.session.items()))
    assert "_auth_user_id" not in client.session
    assert set(client.session["half"]) == {"user", "at", "proof"}


def test_a_half_session_ends_after_ten_minutes(client, nurse):
    factor, _codes = with_factor(nurse)
    give_name(client)
    half = client.session["half"]
    make_stale(client, half={**half, "at": half["at"] - 601})
    answer = give_code(client, code_of(factor))
    assert "reason=half" in answer.url
    assert "half" not in client.session


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_a_half_session_ends_when_the_account_changes(client, nurse, change):
    factor, _codes = with_factor(nurse)
    boss = staff("administrator", email="boss@example.org")
    give_name(client)
    with acting(boss):
        if change == "password":
            users.set_password(user=nurse, password="other words 2026", by=boss)
        else:
            users.deactivate(user=nurse, by=boss)
    assert give_code(client, code_of(factor)).url.startswith(reverse("security:sign_in"))


def test_a_person_without_a_factor_sets_one_up_and_gets_ten_codes_once(client, nurse):
    give_name(client)
    to_enrol = client.get(reverse("security:factor"))
    assert to_enrol.url.startswith(reverse("security:enrol"))
    page = client.get(reverse("security:enrol"))
    assert b"<svg" in page.content
    assert b"style=" not in page.content
    pending = nurse.totpfactor_set.get()
    with acting():
        assert pending.secret[:4].encode() in page.content
    shown = client.post(reverse("security:enrol"), {"code": code_of(pending), "next": "/search/"})
    assert len(shown.context["codes"]) == 10
    assert client.get(reverse("security:account")).status_code == 200
    onwards = client.post(reverse("security:enrol"), {"kept": "on", "next": "/search/"})
    assert onwards.url == "/search/"
    with acting():
        assert factors.is_set_up(nurse)


def test_a_wrong_code_enrols_nothing(client, nurse):
    give_name(client)
    client.get(reverse("security:enrol"))
    pending = nurse.totpfactor_set.get()
    wrong = f"{(int(code_of(pending)) + 1) % 10**6:06d}"
    assert client.post(reverse("security:enrol"), {"code": wrong}).status_code == 422
    assert nurse.totpfactor_set.get().pk == pending.pk
    assert not nurse.totpfactor_set.get().confirmed


def test_a_half_session_cannot_add_a_factor_to_an_account_that_has_one(client, nurse):
    with_factor(nurse)
    give_name(client)
    assert client.get(reverse("security:enrol")).url == reverse("security:factor")
    assert nurse.totpfactor_set.count() == 1


def test_a_first_password_works_for_a_week_and_must_be_changed(client, nurse):
    first = with_first_password(nurse)
    factor, _codes = with_factor(nurse)
    assert give_name(client, password=first).status_code == 302
    give_code(client, code_of(factor))
    assert client.get(reverse("crm:home")).url == reverse("security:password_change")
    new = {"old": first, "new": PASSWORD + "!", "again": PASSWORD + "!"}
    assert client.post(reverse("security:password_change"), new).status_code == 302
    assert client.get(reverse("crm:home")).status_code == 200


def test_a_first_password_is_over_after_a_week(client, nurse):
    first = with_first_password(nurse)
    with acting():
        row = User.objects.get(pk=nurse.pk)
        row.created_at = timezone.now() - timedelta(days=8)
        row.advance()
        row.save()
    assert give_name(client, password=first).status_code == 422


# One answer for all who do not get in


@pytest.fixture
def those_who_fail(nurse):
    with acting():
        users.deactivate(user=staff("nurse", email="gone@example.org"), by=None)
        ended = staff("nurse", email="ended@example.org")
        users.end_on(user=ended, day=timezone.localdate() - timedelta(days=1), by=None)
        staff(kind=User.Kind.PATIENT, email="patient@example.org")
    return {
        "wrong password": ("nurse@example.org", "another pass phrase"),
        "unknown": ("nobody@example.org", PASSWORD),
        "disabled": ("gone@example.org", PASSWORD),
        "ended": ("ended@example.org", PASSWORD),
        "patient": ("patient@example.org", PASSWORD),
        "unknown phone": ("+8613800138000", PASSWORD),
    }


def test_every_name_that_does_not_get_in_gets_the_same_answer(client, those_who_fail):
    answers, counts = {}, {}
    give_name(client, "warm@example.org")
    for who, (name, password) in those_who_fail.items():
        with CaptureQueriesContext(connection) as queries:
            answer = give_name(client, name, password)
        counts[who] = len(queries)
        body = without_token(answer).replace(name.encode(), b"NAME")
        answers[who] = repr((answer.status_code, body, sorted(answer.cookies)))
    assert len(set(answers.values())) == 1
    assert len(set(counts.values())) == 1, counts


def test_every_failing_name_costs_one_password_hash(client, those_who_fail, monkeypatch):
    seen = []

    def spied(method):
        def spy(self, *args, **options):
            seen.append(method.__name__)
            return method(self, *args, **options)

        return spy

    monkeypatch.setattr(Argon2PasswordHasher, "encode", spied(Argon2PasswordHasher.encode))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", spied(Argon2PasswordHasher.verify))
    for name, password in those_who_fail.values():
        seen.clear()
        give_name(client, name, password)
        assert len(seen) == 1, name


def test_a_failed_sign_in_names_the_account_and_an_unknown_name_nobody(client, nurse):
    give_name(client, password="another pass phrase")
    give_name(client, "nobody@example.org")
    known, unknown = Event.objects.filter(action="security.session.refused").order_by("recorded_at")
    assert known.subjects == [nurse.pk]
    assert unknown.subjects == []
    assert {known.outcome, unknown.outcome} == {"refused"}
    assert known.actor_id is None


def test_what_was_typed_is_in_no_table_and_no_log(client, nurse, caplog):
    caplog.set_level("DEBUG")
    typed = "canary.bird@example.org"
    give_name(client, typed, "Canary-Pass-7731")
    give_name(client, "nurse@example.org", "Canary-Pass-7731")
    client.get(reverse("security:sign_in"))
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT count(*) FROM {name} t WHERE t::text ILIKE ANY(%s)",
                [
                    [
                        "%canary%",
                        "%" + b"canary.bird".hex() + "%",
                        "%" + b"Canary-Pass".hex() + "%",
                        "%nurse@example%",
                    ]
                ],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    assert found == []
    assert "canary" not in caplog.text.lower()


# Where to


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "https://evil.example/", "http:evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "/\t/evil.example", "/%0d%0aX: y\r\nX: y", "///evil.example",
        "https:///evil.example", " //evil.example", "/\u2028/evil.example", "evil.example", "",
        "http://testserver.evil.example/", "//user@evil.example", "/\x00/evil.example",
    ],
)  # fmt: skip
def test_only_our_own_pages_are_gone_to_after_signing_in(client, nurse, wanted):
    factor, _codes = with_factor(nurse)
    address = reverse("security:sign_in")
    client.post(address, {"name": "nurse@example.org", "password": PASSWORD, "next": wanted})
    answer = client.post(reverse("security:factor"), {"code": code_of(factor), "next": wanted})
    assert answer.url == reverse("crm:home")


def test_the_page_that_was_wanted_is_gone_to_after_signing_in(client, nurse):
    factor, _codes = with_factor(nurse)
    to_sign_in = client.get("/search/?in=names")
    assert to_sign_in.url == f"{reverse('security:sign_in')}?next=%2Fsearch%2F%3Fin%3Dnames"
    page = client.get(to_sign_in.url)
    form = {"name": "nurse@example.org", "password": PASSWORD, "next": page.context["next"]}
    to_code = client.post(reverse("security:sign_in"), form)
    code = {"code": code_of(factor), "next": client.get(to_code.url).context["next"]}
    assert client.post(reverse("security:factor"), code).url == "/search/?in=names"


# The way out


def test_signing_out_is_a_post_and_ends_the_session_on_the_server(client, nurse):
    signed_in(client, nurse)
    key = client.session.session_key
    assert client.get(reverse("security:sign_out")).status_code == 405
    assert client.get(reverse("security:account")).status_code == 200
    assert client.post(reverse("security:sign_out")).url == reverse("security:signed_out")
    assert not Session.objects.filter(session_key=key).exists()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get(reverse("security:account")).status_code == 302
    assert actions()[-1] == "security.session.signed_out"


def test_somebody_signed_in_is_sent_on_from_the_sign_in_pages(client, nurse):
    signed_in(client, nurse)
    for name in ("sign_in", "factor", "recovery", "enrol"):
        assert client.get(reverse(f"security:{name}")).url == reverse("crm:home")


def test_the_language_of_the_person_is_spoken_after_signing_in(client):
    user = staff("nurse", language="zh-hans")
    signed_in(client, user)
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


def test_a_language_chosen_at_work_is_spoken_at_the_next_sign_in_elsewhere(client, nurse):
    signed_in(client, nurse)
    client.post(reverse("crm:language"), {"language": "zh-hans"})
    elsewhere = Client()
    signed_in(elsewhere, User.objects.get(pk=nurse.pk))
    assert elsewhere.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
