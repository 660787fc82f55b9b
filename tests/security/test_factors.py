"""Second factors: each code works once, in parallel too; nobody is left without a factor."""

import base64
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyotp
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from security.models import OutboxMessage, RecoveryCode, TotpFactor
from security.services import factors, recovery_codes
from tests.security.people import (
    acting,
    code_of,
    give_code,
    give_name,
    signed_in,
    staff,
    with_factor,
)

PARALLEL = 50


@pytest.fixture
def nurse(db):
    return staff("nurse")


def at_once(deed, count=PARALLEL):
    """Run a deed in many threads at the same moment, each with a connection of its own."""
    barrier = Barrier(count)

    def run(place):
        try:
            barrier.wait()
            return deed(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


# Once


@pytest.mark.prove(step=1, full=200)
@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_uses_of_one_code_are_one_success(rounds):
    user = staff("nurse")
    factor, _codes = with_factor(user)

    def use(_place):
        with acting(user):
            return factors.accept(user=user, code=code) is not None

    for _round in range(rounds):
        TotpFactor.objects.update(last_step=-1)
        code = code_of(factor)
        assert sum(at_once(use)) == 1


@pytest.mark.prove(step=1, full=200)
@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_uses_of_one_recovery_code_are_one_success(rounds):
    user = staff("nurse")
    _factor, codes = with_factor(user)

    def use(_place):
        with acting(user):
            return factors.accept(user=user, code=codes[3]) is not None

    for _round in range(rounds):
        RecoveryCode.objects.update(used_at=None)
        assert sum(at_once(use)) == 1
    assert RecoveryCode.objects.filter(used_at__isnull=False).count() == 1
    assert Event.objects.filter(action="security.factor.recovery_used").count() == rounds


@pytest.mark.django_db(transaction=True)
def test_fifty_pending_sign_ins_with_one_code_are_one_session():
    user = staff("nurse")
    factor, _codes = with_factor(user)
    clients = [Client() for _place in range(PARALLEL)]
    for client in clients:
        assert give_name(client).status_code == 302
    code = code_of(factor)
    answers = at_once(lambda place: give_code(clients[place], code).status_code)
    assert answers.count(302) == 1
    assert Event.objects.filter(action="security.session.signed_in").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_factors_removed_at_once_leave_one():
    user = staff("nurse")
    first, _codes = with_factor(user)
    with acting(user):
        pending = factors.start(user=user)
        second = factors.confirm_another(user=user, factor=pending, code=code_of(pending)).factor

    def remove(place):
        with acting(user):
            try:
                factors.remove(user=user, factor_id=(first.pk, second.pk)[place])
            except factors.LastFactor:
                return False
            return True

    assert sorted(at_once(remove, 2)) == [False, True]
    assert TotpFactor.objects.count() == 1


def test_a_code_does_not_work_again_in_its_time_nor_does_an_older_one(nurse):
    factor, _codes = with_factor(nurse)
    with time_machine.travel(timezone.now(), tick=False), acting(nurse):
        earlier, now, later = (code_of(factor, steps=steps) for steps in (-1, 0, 1))
        assert factors.accept(user=nurse, code=now)
        assert not factors.accept(user=nurse, code=now)
        assert not factors.accept(user=nurse, code=earlier)
        assert factors.accept(user=nurse, code=later)


@pytest.mark.parametrize(
    ("steps", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_works_one_step_early_or_late_and_no_more(nurse, steps, works):
    factor, _codes = with_factor(nurse)
    with time_machine.travel(timezone.now(), tick=False), acting(nurse):
        assert bool(factors.accept(user=nurse, code=code_of(factor, steps=steps))) is works


def test_codes_are_those_of_any_other_app(nurse):
    factor, _codes = with_factor(nurse)
    with time_machine.travel(timezone.now(), tick=False), acting(nurse):
        assert factors.accept(user=nurse, code=pyotp.TOTP(factor.secret).now())
        said = pyotp.parse_uri(factors.provisioning_uri(factor, name="nurse@example.org"))
        assert (said.secret, said.issuer, said.digits) == (factor.secret, "Custodia", 6)
        assert len(base64.b32decode(factor.secret)) == 20


def test_thirty_good_codes_of_one_app_do_not_slow_another(nurse):
    first, _codes = with_factor(nurse)
    with acting(nurse):
        pending = factors.start(user=nurse)
        second = factors.confirm_another(user=nurse, factor=pending, code=code_of(pending)).factor
    at = timezone.now().timestamp() + 60
    for turn in range(30):
        with time_machine.travel(at + 30 * turn, tick=False), acting(nurse):
            assert factors.accept(user=nurse, code=code_of(first)).pk == first.pk
    with time_machine.travel(at + 900, tick=False), acting(nurse):
        assert factors.accept(user=nurse, code=code_of(second)).pk == second.pk


def test_the_code_of_another_person_does_not_work(nurse):
    other, _codes = with_factor(staff("nurse", email="other@example.org"))
    with_factor(nurse)
    with acting(nurse):
        assert not factors.accept(user=nurse, code=code_of(other))


# Secrets


def test_the_secret_is_sealed_and_is_no_plain_text_in_its_row(nurse):
    factor, codes = with_factor(nurse)
    with acting(nurse):
        secret = factor.secret
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text FROM security_totpfactor t UNION SELECT r::text FROM security_recoverycode r"
        )
        stored = " ".join(text for (text,) in cursor.fetchall()).lower()
    assert secret.lower() not in stored
    assert secret.encode().hex() not in stored
    assert base64.b32decode(secret).hex() not in stored
    for code in codes:
        assert code.replace("-", "")[1:].lower() not in stored
    assert stored.count("argon2$") == 10


# Recovery codes


def test_a_recovery_code_signs_in_once_however_it_is_typed(client, nurse):
    _factor, codes = with_factor(nurse)
    typed = codes[7].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    give_name(client)
    answer = client.post(reverse("security:recovery"), {"code": typed})
    assert answer.url == reverse("crm:home")
    with acting():
        assert recovery_codes.left(nurse) == 9
    client.post(reverse("security:sign_out"))
    give_name(client)
    assert client.post(reverse("security:recovery"), {"code": codes[7]}).status_code == 422


def test_codes_are_numbered_so_that_one_hash_is_checked(nurse, monkeypatch):
    _factor, codes = with_factor(nurse)
    seen = []
    check = recovery_codes.check_password
    monkeypatch.setattr(
        recovery_codes, "check_password", lambda *given: seen.append(1) or check(*given)
    )
    assert [code[0] for code in codes] == list("0123456789")
    with acting(nurse):
        assert factors.accept(user=nurse, code=codes[9])
    assert len(seen) == 1


def test_new_codes_void_the_old_ones_and_ask_for_a_fresh_factor(client, nurse):
    _factor, codes = with_factor(nurse)
    signed_in(client, nurse)
    shown = client.post(reverse("security:recovery_codes"), {"renew": "1"})
    assert shown.status_code == 200
    new = shown.context["codes"]
    assert len(set(new) | set(codes)) == 20
    with acting(nurse):
        assert not factors.accept(user=nurse, code=codes[0])
        assert factors.accept(user=nurse, code=new[0])


# Change


def test_another_app_is_added_and_the_old_one_taken_away(client, nurse):
    old = signed_in(client, nurse)
    page = client.get(reverse("security:add_factor"))
    assert b"<svg" in page.content
    pending = TotpFactor.objects.get(confirmed=False)
    added = client.post(reverse("security:add_factor"), {"code": code_of(pending)})
    assert added.url == reverse("security:account")
    assert client.post(reverse("security:remove_factor", args=[old.pk])).status_code == 302
    assert list(TotpFactor.objects.values_list("pk", flat=True)) == [pending.pk]
    assert client.get(reverse("security:account")).status_code == 200
    removed = Event.objects.get(action="security.factor.removed")
    assert removed.subjects == [nurse.pk]


def test_the_last_app_is_not_taken_away(client, nurse):
    only = signed_in(client, nurse)
    assert client.post(reverse("security:remove_factor", args=[only.pk])).status_code == 403
    assert TotpFactor.objects.filter(pk=only.pk).exists()


def test_nobody_takes_away_the_app_of_another(client, nurse):
    theirs, _codes = with_factor(staff("nurse", email="other@example.org"))
    signed_in(client, nurse)
    client.post(reverse("security:remove_factor", args=[theirs.pk]))
    assert TotpFactor.objects.filter(pk=theirs.pk).exists()


def test_a_session_ends_when_the_factor_that_vouched_for_it_is_gone(client, nurse):
    signed_in(client, nurse)
    boss = staff("administrator", email="boss@example.org")
    with acting(boss):
        factors.start_anew(user=nurse, by=boss)
    answer = client.get(reverse("security:account"))
    assert answer.url.startswith(reverse("security:sign_in"))
    assert not client.session.keys()
    give_name(client)
    assert client.get(reverse("security:factor")).url.startswith(reverse("security:enrol"))


def test_nobody_takes_the_own_factors_away_as_an_administrator(db):
    boss = staff("administrator", email="boss@example.org")
    with_factor(boss)
    with acting(boss), pytest.raises(factors.OwnFactor):
        factors.start_anew(user=boss, by=boss)


def test_each_change_of_a_credential_is_told_by_mail_without_any_secret(client, nurse):
    _factor, codes = with_factor(nurse)
    with acting(nurse):
        factors.accept(user=nurse, code=codes[0])
        recovery_codes.issue(user=nurse)
        texts = [message.text for message in OutboxMessage.objects.order_by("pk")]
        assert {message.address for message in OutboxMessage.objects.all()} == {"nurse@example.org"}
    assert len(texts) == 3
    assert not any(code in text for code in codes for text in texts)


def test_secrets_that_nobody_confirmed_are_swept(nurse):
    with acting():
        factors.start(user=nurse)
        assert factors.sweep() == 0
        with time_machine.travel(timezone.now() + factors.SET_UP_WITHIN * 2):
            assert factors.sweep() == 1
    assert not TotpFactor.objects.exists()
