from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError
from django.db import transaction

from audit import coverage
from audit.models import Event
from audit.queries import records
from crm.demo import accounts
from crm.demo.roster import PEOPLE
from crm.demo.staff import ACCOUNTS, KNOWN_PHRASE, PORTAL
from patients.models import Patient, PortalAccount, Practitioner
from patients.queries import waiting
from security import context, trail
from security.access.decision import decide, roles_of
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import Clearance, OutboxMessage, TotpFactor, User
from security.services import factors, users
from tests.crm.small_demo import few_patients, run


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Open the clinic once for all tests here; it is gone when they are done."""
    with django_db_blocker.unblock(), few_patients(), transaction.atomic():
        yield run("demo")
        transaction.set_rollback(True)


@pytest.fixture
def opened(told: str) -> Iterator[str]:
    """Give each test the clinic as it was opened."""
    with transaction.atomic():
        yield told
        transaction.set_rollback(True)


def account(name: str) -> User:
    return accounts.find(name)


def test_a_second_run_says_so_and_changes_nothing(opened):
    before = Event.objects.count()
    assert "already there" in run("demo")
    assert Event.objects.count() == before
    assert User.objects.count() == len(ACCOUNTS) + len(PORTAL)


def test_a_demo_in_use_is_still_the_demo(opened, system):
    users.create(kind="staff", display_name="New nurse", email="new@demo.example", by=None)
    assert "already there" in run("demo")


def test_the_table_tells_every_account_and_the_password(opened):
    for one in ACCOUNTS:
        assert one.email in opened
        assert one.name in opened
    assert "patient1@demo.example" in opened
    assert KNOWN_PHRASE in opened
    assert run("demo", "--accounts").strip() in opened


def test_two_people_hold_each_role_of_the_staff(opened, system):
    assert {one.role for one in ACCOUNTS} == ROLES.keys() - {"patient"}
    for one in ACCOUNTS:
        user = account(one.handle)
        assert roles_of(user) == (one.role,)
        assert user.display_name == one.name
        assert users.is_password(user=user, password=KNOWN_PHRASE)
        assert factors.is_set_up(user)
        assert not user.must_change_password


def test_the_known_password_passes_the_validators(opened, system):
    for one in ACCOUNTS:
        validate_password(KNOWN_PHRASE, account(one.handle))


def test_nobody_is_told_of_a_change_that_is_none(opened):
    assert not OutboxMessage.objects.filter(recipient_kind="user").exists()


def test_one_physician_is_cleared_for_what_is_specially_protected(opened, system):
    assert [row.user for row in Clearance.objects.in_force()] == [account("physician1")]


def test_visits_and_responsibility_open_charts_to_their_doctor_alone(opened, system):
    lin, marsh = account("physician1"), account("physician2")
    with context.matching():
        keys = {patient.record_number: patient.pk for patient in Patient.objects.all()}
    number = {person.key: f"AH-{100000 + person.number}" for person in PEOPLE}

    def may(user: User, key: str) -> bool:
        return decide(user, Permission.CLINICAL_READ, keys[number[key]], "TREAT").allowed

    assert may(lin, "ouyang-xuemei")
    assert not may(marsh, "ouyang-xuemei")
    assert may(marsh, "zeng-xiaowen")
    assert not may(lin, "zeng-xiaowen")
    assert may(account("nurse2"), "zeng-xiaowen")
    assert not may(account("nurse1"), "zeng-xiaowen")
    assert may(lin, "kowalska")
    assert not may(lin, "han-li")
    assert not may(marsh, "han-li")
    assert not may(account("administrator1"), "ouyang-xuemei")


def test_the_patients_of_the_doctor_who_left_wait_at_the_desk(opened, system):
    left = waiting.without_carer(account("receptionist1"))
    assert [patient.names[0]["text"] for patient in left] == ["韩丽"]
    assert Practitioner.objects.filter(user=None).count() == 1


def test_portal_accounts_are_of_patients_for_the_own_record(opened, system):
    rows = PortalAccount.objects.select_related("user")
    assert len(rows) == len(PORTAL)
    for row in rows:
        assert row.user.kind == User.Kind.PATIENT
        assert row.capacity == PortalAccount.Capacity.SELF
        assert decide(row.user, Permission.CLINICAL_READ, row.patient_id, "PATRQT").allowed


# --- codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["physician1", "PHYSICIAN1@demo.example", "patient1"])
def test_the_code_told_is_accepted_once(opened, name):
    told = run("demo_code", name)
    code = told.split()[0]
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        user = account(name)
        assert factors.accept_app(user=user, code=code)
        assert not factors.accept_app(user=user, code=code)
    assert Event.objects.filter(action="crm.demo.code_told", subjects=[user.pk]).exists()


def test_a_handle_will_do(opened, system):
    handle = account("nurse1").handle
    assert run("demo_code", handle).split()[0].isdigit()


def test_after_a_code_was_used_the_next_one_is_told_and_then_a_wait(opened, system):
    user = account("nurse2")
    for _time in range(2):
        code = run("demo_code", "nurse2").split()[0]
        assert factors.accept_app(user=user, code=code)
    with pytest.raises(CommandError, match="ask again in"):
        run("demo_code", "nurse2")


def test_codes_are_told_of_the_demo_alone(opened, settings, system):
    stranger = users.create(kind="staff", display_name="X", email="x@clinic.example", by=None)
    accounts.give_factor(user=stranger)
    for name in ("nobody", "x@clinic.example", stranger.handle):
        with pytest.raises(CommandError, match="No account of the demo"):
            run("demo_code", name)
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        run("demo_code", "nurse1")


def test_an_account_without_a_factor_has_no_code(opened, system):
    user = users.create(kind="staff", display_name="N", email="n@demo.example", by=None)
    assert not TotpFactor.objects.filter(user=user).exists()
    with pytest.raises(CommandError, match="authenticator"):
        run("demo_code", "n")


def test_every_row_of_the_opened_clinic_is_what_the_trail_says(opened, system):
    found = [one for model in coverage.compared() for one in records.mismatched(model)]
    assert found == []
