"""Accounts: found by a keyed hash, one per name and kind, changed by deeds that leave an event."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import connection

from audit.models import Event, State
from security import trail
from security.models import DataKey, User, UserIndex
from security.services import users
from tests.security.people import PASSWORD, acting, staff

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def here(db):
    with acting() as context:
        yield context


def made(email="one@example.org", **more):
    more = {"kind": "staff", "display_name": "One Person", "by": None, **more}
    return users.create(email=email, **more)


def found(typed, kind="staff"):
    return users.find_by_sign_in_name(kind=kind, typed=typed)


def test_an_account_is_found_by_either_name_of_its_own_kind(here):
    user = made(phone="+8613800138000")
    assert found("ONE@example.org") == user
    assert found("138 0013 8000") == user
    assert found("one@example.org", "patient") is None
    assert found("two@example.org") is None


def test_the_same_names_may_serve_one_account_of_each_kind(here):
    made()
    patient = made(kind="patient")
    assert found("one@example.org", "patient") == patient
    with pytest.raises(users.AlreadyInUse):
        made(email="One@Example.org")
    assert User.objects.count() == 2


def test_a_refused_account_leaves_nothing_behind(here):
    made()
    with pytest.raises(users.AlreadyInUse):
        made()
    assert (User.objects.count(), UserIndex.objects.count()) == (1, 1)
    assert Event.objects.filter(action="security.user.created").count() == 1


@pytest.mark.parametrize("names", [{"email": ""}, {"email": "", "phone": "call me"}])
def test_an_account_needs_a_name_to_sign_in_with(here, names):
    with pytest.raises(users.NoSignInName):
        made(**names)


@pytest.mark.django_db(transaction=True)
def test_of_two_accounts_made_at_once_with_one_name_one_is_made():
    def run(_place):
        try:
            with acting():
                made()
        except users.AlreadyInUse:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 1
    assert User.objects.count() == UserIndex.objects.count() == 1


def test_a_hash_that_meets_another_account_is_compared_after_opening(here, monkeypatch):
    user = made()
    exact = bytes(UserIndex.objects.get(row=user).exact)
    UserIndex.objects.filter(row=user).update(exact=exact[:15] + bytes([exact[15] ^ 1]))
    assert found("one@example.org") is None
    other = made("two@example.org")
    taken = UserIndex.objects.get(row=other)
    taken.exact = users.index.exact_hash("email", "one@example.org")
    taken.save()
    assert found("one@example.org") is None


def test_names_are_sealed_and_their_hashes_are_keyed(here):
    made("canary.person@example.org", phone="+8613800138000", display_name="Canary 金丝雀")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u::text || i::text FROM security_user u JOIN security_userindex i ON true"
        )
        stored = " ".join(text for (text,) in cursor.fetchall()).lower()
    for value in ("canary", "金丝雀", "13800138000"):
        assert value not in stored
        assert value.encode().hex() not in stored
    assert DataKey.objects.filter(subject_kind="user").count() == 1


def test_finding_an_account_is_no_read(here):
    made()
    here.reads.clear()
    found("one@example.org")
    assert here.reads == {}


def test_an_account_is_made_with_its_event_and_state_or_not_at_all(here, monkeypatch):
    user = made()
    event = Event.objects.get(action="security.user.created")
    assert event.subjects == [user.pk]
    assert State.objects.filter(event_id=event.pk, object_id=user.pk, version=1).exists()

    def broken(entry):
        raise RuntimeError("the trail is full")

    trail.install(broken)
    try:
        with pytest.raises(RuntimeError):
            made("two@example.org")
    finally:
        trail.uninstall(broken)
    assert User.objects.count() == 1


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "short words", "password1234", "one person is here", "Zhou 周静怡 writes", "custodia is great",
        "13800138000 is mine",
    ],
)  # fmt: skip
def test_weak_passwords_and_own_words_are_refused(here, password):
    user = made(phone="+8613800138000", display_name="Person 周静怡")
    with pytest.raises(ValidationError):
        users.set_password(user=user, password=password, by=user)


@pytest.mark.parametrize(
    "password",
    ["three green boats", "雨天的时候我喜欢喝很多热茶", "x" * 12 + "!", "a" * 70 + " long"],
)
def test_long_plain_passwords_are_taken_as_typed(here, password):
    user = made()
    users.set_password(user=user, password=password, by=user)
    user.refresh_from_db()
    assert users.is_password(user=user, password=password)
    assert not users.is_password(user=user, password=password + " ")


def test_a_hash_made_with_less_work_is_renewed_at_the_next_sign_in(here, monkeypatch):
    user = staff()
    before = user.password
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 2)
    assert users.is_password(user=user, password=PASSWORD)
    renewed = User.objects.get(pk=user.pk)
    assert renewed.password != before
    assert "t=2" in renewed.password
    assert renewed.version > 2
    assert users.is_password(user=renewed, password=PASSWORD)
    assert Event.objects.filter(action="security.user.password_rehashed").count() == 1


def test_a_wrong_password_renews_nothing(here, monkeypatch):
    user = staff()
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 2)
    assert not users.is_password(user=user, password="another one")
    assert User.objects.get(pk=user.pk).password == user.password


def test_a_new_account_has_no_password_until_its_person_chooses_one(here):
    user = made()
    for password in ("", "!", PASSWORD, user.password):
        assert not users.is_password(user=user, password=password)


# State


def test_nobody_disables_the_own_account(here):
    boss = staff("administrator", email="boss@example.org")
    with pytest.raises(users.OwnAccount):
        users.deactivate(user=boss, by=boss)
    with pytest.raises(users.OwnAccount):
        users.end_on(user=boss, day=None, by=boss)


def test_a_disabled_account_may_be_enabled_again(here):
    user = made()
    users.deactivate(user=user, by=None)
    assert not User.objects.get(pk=user.pk).is_active
    users.reactivate(user=user, by=None)
    assert User.objects.get(pk=user.pk).is_active


def test_the_language_is_remembered_without_a_new_version(here):
    user = made()
    users.set_language(user=user, language="zh-hans")
    row = User.objects.get(pk=user.pk)
    assert (row.language, row.version) == ("zh-hans", 1)


def test_the_text_of_an_account_names_nobody(here):
    user = made(display_name="Canary Person")
    for text in (str(user), repr(user), user.get_username()):
        assert "Canary" not in text
        assert "@" not in text
