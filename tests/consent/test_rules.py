"""The rules of the decision that look at what people allowed, objected to and had restricted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from consent.models import ProcessingPurpose
from patients.models import BreakGlass, Patient
from security import context
from security.access import registry
from security.access.decision import decide, decide_many
from security.access.permissions import Permission
from security.classification import Category
from security.models import Clearance
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
P = Permission
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mia():
    return cast.patient()


def decided(user, permission, patient, purpose):
    context.current().forget_decisions()
    return decide(user, permission, patient.pk, purpose)


def outcome(user, permission, patient, purpose):
    made = decided(user, permission, patient, purpose)
    return made.allowed, made.rule, made.source


# Consent


def test_who_keeps_in_touch_reaches_those_alone_who_agreed_and_the_decision_names_the_event(mia):
    keeper = cast.staff("engagement")
    assert outcome(keeper, P.DEMOGRAPHICS_READ_MASKED, mia, "HMARKT") == (False, "consent", None)
    event = consenting.allow(mia, channel="sms")
    assert outcome(keeper, P.DEMOGRAPHICS_READ_MASKED, mia, "HMARKT") == (True, "role", event.pk)
    said_no = consenting.allow(mia, channel="sms", state="withdrawn")
    assert outcome(keeper, P.DEMOGRAPHICS_READ_MASKED, mia, "HMARKT") == (
        False,
        "consent",
        said_no.pk,
    )


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_where_no_purpose_of_the_register_covers_marketing_nobody_is_reached(mia, state):
    consenting.allow(mia)
    ProcessingPurpose.objects.update(state=state)
    keeper = cast.staff("engagement")
    assert outcome(keeper, P.MESSAGES_WRITE, mia, "HMARKT") == (False, "consent", None)
    with cast.acting(keeper):
        assert not Patient.objects.visible_to(keeper, Category.DEMOGRAPHICS).exists()


def test_an_objection_refuses_what_was_allowed_and_is_named(mia):
    consenting.allow(mia)
    row = consenting.limit(mia, "objection", purpose=consenting.purpose())
    keeper = cast.staff("engagement")
    made = decided(keeper, P.DEMOGRAPHICS_READ_MASKED, mia, "HMARKT")
    assert (made.allowed, made.rule, made.source) == (False, "consent", row.pk)
    assert "objected" in str(made.reason)


def test_care_and_the_desk_never_wait_for_a_consent_and_ask_for_none(mia):
    consenting.purpose("all", uses=["TREAT", "ETREAT", "HPAYMT", "PATADMIN"])
    consenting.limit(mia, "objection")
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    with CaptureQueriesContext(connection) as made:
        assert decided(doctor, P.CLINICAL_READ, mia, "TREAT").allowed
    assert not [one for one in made.captured_queries if "consent_consent" in one["sql"]]
    assert decided(cast.staff("receptionist"), P.DEMOGRAPHICS_READ, mia, "PATADMIN").allowed
    assert decided(cast.staff("finance"), P.BILLING_READ, mia, "HPAYMT").allowed


def test_operations_that_rest_on_a_consent_ask_for_one_and_others_do_not(mia):
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    assert decided(doctor, P.CLINICAL_READ, mia, "HOPERAT").allowed
    teaching = consenting.purpose("teaching", uses=["HOPERAT"])
    assert outcome(doctor, P.CLINICAL_READ, mia, "HOPERAT") == (False, "consent", None)
    event = consenting.allow(mia, of=teaching, channel="")
    assert outcome(doctor, P.CLINICAL_READ, mia, "HOPERAT")[2] == event.pk
    consenting.allow(mia, of=teaching, channel="", state="withdrawn")
    consenting.purpose("operations", uses=["HOPERAT"], grounds=consenting.CARE)
    assert decided(doctor, P.CLINICAL_READ, mia, "HOPERAT").allowed


def test_the_pages_say_why_and_what_a_keeper_reads_names_the_consent_in_the_trail():
    clinic = world.clinic()
    url = f"/patients/{clinic.patient.pk}/"
    assert clinic.client("engagement").get(url, secure=True).status_code == 200
    event = consenting.Consent.objects.get(patient=clinic.patient).events.get()
    (read,) = Event.objects.filter(
        action="security.record.read", actor_id=clinic.users["engagement"].pk
    )
    assert f"source:{event.pk}" in read.fields
    why = clinic.client("engagement").get(f"{url}access/", secure=True)
    assert str(event.pk) in why.content.decode()
    refusing = consenting.allow(clinic.patient, state="withdrawn")
    page = clinic.client("engagement").get(url, secure=True)
    assert page.status_code == 403
    assert "withdrew the consent" in cast.words(page)
    refused = Event.objects.filter(action="security.access.refused").latest("recorded_at")
    assert {"rule:consent", f"source:{refusing.pk}"} <= set(refused.fields)
    home = clinic.client("engagement").get("/", secure=True).content.decode()
    assert str(clinic.patient.pk) not in home
    assert str(clinic.other.pk) in home


# Restriction


READERS = [
    ("physician", P.CLINICAL_READ, "TREAT", False),
    ("physician", P.CLINICAL_READ, "ETREAT", True),
    ("physician", P.CLINICAL_READ, "HOPERAT", False),
    ("physician", P.CLINICAL_WRITE, "TREAT", False),
    ("physician", P.CONSENT_READ, "TREAT", True),
    ("physician", P.RIGHTS_READ, "TREAT", True),
    ("receptionist", P.DEMOGRAPHICS_WRITE, "PATADMIN", False),
    ("finance", P.BILLING_READ, "HPAYMT", False),
    ("compliance_officer", P.DEMOGRAPHICS_READ_MASKED, "HCOMPL", True),
    ("auditor", P.BILLING_READ, "HCOMPL", True),
]


@pytest.mark.parametrize(("role", "permission", "purpose", "allowed"), READERS)
def test_restricted_data_are_open_to_emergencies_requests_and_claims(
    mia, role, permission, purpose, allowed
):
    user = cast.staff(role)
    if role == "physician":
        cast.care(user, mia)
    row = consenting.limit(mia, "restricted")
    made = decided(user, permission, mia, purpose)
    assert made.allowed is allowed
    assert allowed or (made.rule, made.source) == ("restriction", row.pk)


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"starts_at": DAY}, True),
        ({"starts_at": -2 * DAY, "ends_at": -DAY}, True),
        ({"ends_at": DAY}, False),
        ({"categories": ["billing"]}, True),
        ({"categories": ["clinical", "billing"]}, False),
        ({"purpose": "HPAYMT"}, True),
        ({"purpose": "TREAT"}, False),
        ({"kind": "self_pay"}, True),
        ({"kind": "objection"}, True),
    ],
)
def test_a_restriction_refuses_in_its_time_its_data_and_its_purpose(mia, fields, allowed):
    doctor, now = cast.staff("physician"), timezone.now()
    cast.care(doctor, mia)
    given = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    if "purpose" in given:
        given["purpose"] = consenting.purpose("one", uses=[given["purpose"]])
    consenting.limit(mia, **({"kind": "restricted"} | given))
    assert decided(doctor, P.CLINICAL_READ, mia, "TREAT").allowed is allowed


def test_what_is_specially_protected_is_restricted_with_the_clinical_record(mia):
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    Clearance.objects.create(user=doctor, reason="HIV clinic")
    assert decided(doctor, P.RESTRICTED_READ, mia, "TREAT").allowed
    row = consenting.limit(mia, categories=["clinical"])
    assert outcome(doctor, P.RESTRICTED_READ, mia, "TREAT") == (False, "restriction", row.pk)
    with cast.acting(doctor):
        assert not Patient.objects.visible_to(doctor, Category.RESTRICTED).exists()
        assert Patient.objects.visible_to(doctor, Category.DEMOGRAPHICS).exists()


def test_stored_data_are_open_to_nobody_but_a_case_an_emergency_and_the_person(mia):
    until = timezone.now() + 400 * DAY
    row = consenting.limit(mia, "storage", ends_at=until)
    doctor, officer, auditor = (
        cast.staff(one) for one in ("physician", "compliance_officer", "auditor")
    )
    cast.care(doctor, mia)
    for user, permission, purpose in (
        (doctor, P.CLINICAL_READ, "TREAT"),
        (doctor, P.CLINICAL_READ, "ETREAT"),
        (doctor, P.CLINICAL_WRITE, "TREAT"),
        (officer, P.DEMOGRAPHICS_READ_MASKED, "HCOMPL"),
        (auditor, P.BILLING_READ, "HCOMPL"),
        (cast.staff("receptionist"), P.DEMOGRAPHICS_READ, "PATADMIN"),
    ):
        made = decided(user, permission, mia, purpose)
        assert (made.allowed, made.rule, made.source) == (False, "restriction", row.pk)
        assert str(timezone.localtime(until).year) in str(made.reason)
    cast.care(officer, mia, source="case")
    assert decided(officer, P.CLINICAL_READ, mia, "HCOMPL").allowed
    own = world.person(kind="patient")
    own.portal_accounts.create(patient=mia, capacity="self")
    assert decided(own, P.CLINICAL_READ, mia, "PATRQT").allowed
    other = cast.staff("physician")
    BreakGlass.objects.create(
        user=other, patient=mia, session="this", code="life", reason="Unconscious",
        starts_at=timezone.now() - HOUR, ends_at=timezone.now() + HOUR,
    )  # fmt: skip
    context.current().session_bond = "this"
    assert decided(other, P.CLINICAL_READ, mia, "ETREAT").allowed
    context.current().session_bond = "another"
    assert not decided(other, P.CLINICAL_READ, mia, "ETREAT").allowed


def test_a_stored_record_answers_with_the_reason_and_stands_in_no_list():
    clinic = world.clinic()
    consenting.limit(clinic.patient, "storage")
    for name in ("physician", "receptionist"):
        client = clinic.client(name)
        page = client.get(f"/patients/{clinic.patient.pk}/", secure=True)
        assert page.status_code == 403
        assert "only stored" in cast.words(page)
        assert str(clinic.patient.pk) not in client.get("/", secure=True).content.decode()


# Cost, and what fails


@pytest.mark.parametrize(
    ("role", "permission", "purpose", "queries"),
    [
        # Roles; whether anything is closed or restricted, and what; for marketing the register, laws, consents.
        ("receptionist", P.DEMOGRAPHICS_READ, "PATADMIN", 6),
        ("engagement", P.DEMOGRAPHICS_READ_MASKED, "HMARKT", 9),
    ],
)
@pytest.mark.parametrize("size", [1, 40])
def test_decisions_ask_as_often_for_many_as_for_one(
    role, permission, purpose, queries, size, django_assert_num_queries
):
    user, many = cast.staff(role), cast.patients(size)
    consenting.allow(many[0])
    consenting.limit(many[-1], "restricted")
    with django_assert_num_queries(queries):
        decide_many(user, permission, [one.pk for one in many], purpose)


def test_further_decisions_about_the_same_people_ask_nothing_more(mia, django_assert_num_queries):
    user = cast.staff("receptionist")
    decided(user, P.DEMOGRAPHICS_READ, mia, "PATADMIN")
    with CaptureQueriesContext(connection) as made:
        decide(user, P.IDENTIFIERS_READ, mia.pk, "PATADMIN")
    assert not [one for one in made.captured_queries if "consent_" in one["sql"]]


@pytest.mark.parametrize("name", ["consent", "restriction"])
def test_a_rule_that_fails_refuses(mia, name, monkeypatch):
    consenting.allow(mia)

    def broken(*_):
        raise RuntimeError

    monkeypatch.setitem(registry.restrictions, name, registry.Restriction(name, broken))
    keeper = cast.staff("engagement")
    assert outcome(keeper, P.DEMOGRAPHICS_READ_MASKED, mia, "HMARKT") == (False, name, None)


def test_where_nothing_is_closed_or_restricted_two_questions_are_asked_and_no_more(mia):
    user = cast.staff("receptionist")
    with cast.acting(user), CaptureQueriesContext(connection) as made:
        for permission in (P.DEMOGRAPHICS_READ, P.IDENTIFIERS_READ, P.BILLING_READ):
            assert decide(user, permission, mia.pk, "PATADMIN").allowed
        assert Patient.objects.visible_to(user, Category.DEMOGRAPHICS).count() == 1
    assert len([one for one in made.captured_queries if "consent_" in one["sql"]]) == 2
