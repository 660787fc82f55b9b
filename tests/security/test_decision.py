"""The decision: roles are a ceiling, rules only narrow it, and whatever fails is a refusal."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from patients.models import Patient
from security import context
from security.access import registry
from security.access.categories import Action, Reach
from security.access.decision import decide, decide_many, purposes_of, roles_of
from security.access.permissions import PATIENT_READING, Permission
from security.access.purposes import Purpose
from security.access.registry import Refusal
from security.access.roles import ROLES, conflict, reach_of, roles_that_may
from security.classification import Category
from security.models import Clearance, RoleAssignment, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
STAFF_ROLES = [key for key in ROLES if key != "patient"]


@pytest.fixture
def patient():
    return Patient.objects.create()


def person(*roles, **fields):
    user = User.objects.create(**fields)
    RoleAssignment.objects.bulk_create(RoleAssignment(user=user, role=role) for role in roles)
    return user


def allowed(user, permission, patient, purpose=None):
    stated = purpose or next(iter(purposes_of(user)), "")
    context.current().forget_decisions()
    return decide(user, permission, patient.pk, str(stated))


# Roles as data


def test_nobody_holds_both_user_administration_and_patient_reading():
    for role in ROLES.values():
        assert not conflict([role.key])
        if Permission.ADMINISTRATION_MANAGE in role.grants:
            assert not PATIENT_READING & set(role.grants)
    assert conflict(["administrator", "physician"])
    assert conflict(["administrator", "auditor"])
    assert conflict(["patient", "nurse"])
    assert not conflict(["physician", "nurse"])


def test_every_role_has_a_sentence_and_a_purpose_for_what_it_grants():
    for role in ROLES.values():
        assert len(str(role.sentence)) > 20
        assert role.purposes
        assert all(isinstance(reach, Reach) for reach in role.grants.values())


@pytest.mark.parametrize(
    ("role", "permission", "reach"),
    [
        ("physician", "clinical.read", Reach.TEAM),
        ("nurse", "clinical.read", Reach.TEAM),
        ("receptionist", "clinical.read", Reach.NONE),
        ("finance", "clinical.read", Reach.NONE),
        ("finance", "bill_diagnosis.read", Reach.ALL),
        ("receptionist", "bill_diagnosis.read", Reach.NONE),
        ("engagement", "demographics.read", Reach.NONE),
        ("engagement", "demographics.read_masked", Reach.ALL),
        ("engagement", "identifiers.read_masked", Reach.NONE),
        ("compliance_officer", "clinical.read", Reach.CASE),
        ("auditor", "clinical.read", Reach.NONE),
        ("auditor", "demographics.write", Reach.NONE),
        ("administrator", "demographics.read", Reach.NONE),
        ("administrator", "trail.read", Reach.SELF),
        ("patient", "clinical.read", Reach.SELF),
        ("patient", "clinical.write", Reach.NONE),
    ],
)
def test_the_matrix_says_what_the_law_page_says(role, permission, reach):
    assert reach_of([role], Permission(permission)) is reach


def test_only_readers_and_auditors_change_nothing():
    changing = {Action.WRITE, Action.APPROVE, Action.ASSIGN, Action.MANAGE}
    grants = {one for one in ROLES["auditor"].grants if one.action in changing}
    assert grants == {Permission.ACCOUNT_MANAGE}


def test_of_two_roles_the_wider_reach_counts():
    assert reach_of(["physician", "receptionist"], Permission.DEMOGRAPHICS_READ) is Reach.ALL


def test_every_permission_names_a_category_and_an_action_and_somebody_holds_it():
    for permission in Permission:
        assert isinstance(permission.category, Category)
        assert isinstance(permission.action, Action)
        assert roles_that_may(permission), permission


# The order of refusals


@pytest.mark.parametrize(
    "fields", [{"is_active": False}, {"ends_on": timezone.localdate() - timedelta(days=1)}]
)
def test_a_disabled_or_ended_account_may_nothing(patient, fields):
    user = person("receptionist", **fields)
    decision = allowed(user, Permission.DEMOGRAPHICS_READ, patient)
    assert (decision.allowed, decision.rule) == (False, "account")


def test_an_account_works_through_its_last_day(patient):
    user = person("receptionist", ends_on=timezone.localdate())
    assert allowed(user, Permission.DEMOGRAPHICS_READ, patient).allowed


def test_a_superuser_has_no_clinical_shortcut(patient):
    user = person(is_staff=True, is_superuser=True)
    for permission in Permission:
        assert not allowed(user, permission, patient, "TREAT").allowed


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_purpose_that_is_not_the_roles_is_refused(patient, role):
    user = person(role)
    for purpose in set(Purpose) - set(ROLES[role].purposes):
        decision = allowed(user, Permission.INCIDENTS_REQUEST, patient, purpose)
        assert (decision.allowed, decision.rule) == (False, "purpose")
    assert not allowed(user, Permission.INCIDENTS_REQUEST, patient, "nonsense").allowed


def test_a_purpose_of_another_role_does_not_serve_this_permission(patient):
    user = person("finance", "receptionist")
    assert not allowed(user, Permission.BILL_DIAGNOSIS_READ, patient, Purpose.PATADMIN).allowed
    assert allowed(user, Permission.BILL_DIAGNOSIS_READ, patient, Purpose.HPAYMT).allowed


def test_nobody_reads_level_5_without_a_clearance_in_force(patient):
    user, now = person("physician"), timezone.now()
    assert allowed(user, Permission.RESTRICTED_READ, patient).rule == "reach"
    restricted = registry.restrictions["clearance"]
    assert restricted.ask(user, Permission.RESTRICTED_READ, [patient.pk], "TREAT", now)
    clearance = Clearance.objects.create(user=user, reason="HIV clinic")
    assert not restricted.ask(
        user, Permission.RESTRICTED_READ, [patient.pk], "TREAT", timezone.now()
    )
    clearance.ends_at = timezone.now()
    clearance.save()
    assert restricted.ask(user, Permission.RESTRICTED_READ, [patient.pk], "TREAT", timezone.now())


def test_roles_count_only_while_they_are_held():
    user, now = User.objects.create(), timezone.now()
    day = timedelta(days=1)
    RoleAssignment.objects.create(
        user=user, role="nurse", starts_at=now - 2 * day, ends_at=now - day
    )
    RoleAssignment.objects.create(user=user, role="finance", starts_at=now + day)
    RoleAssignment.objects.create(user=user, role="auditor", starts_at=now - day)
    RoleAssignment.objects.create(user=user, role="no_such_role", starts_at=now - day)
    assert roles_of(user) == ("auditor",)


def test_a_patients_account_holds_no_other_role_whatever_the_table_says():
    user = person("physician", kind="patient")
    assert roles_of(user) == ("patient",)


# Rules


def test_a_reach_rule_that_fails_grants_nothing(patient, monkeypatch):
    def broken(*_):
        raise RuntimeError

    rule = registry.ReachRule("role", frozenset({Reach.ALL}), broken)
    monkeypatch.setitem(registry.reach_rules, "role", rule)
    decision = allowed(person("receptionist"), Permission.DEMOGRAPHICS_READ, patient)
    assert (decision.allowed, decision.rule) == (False, "reach")


def test_a_restriction_that_fails_refuses(patient, monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setitem(
        registry.restrictions, "clearance", registry.Restriction("clearance", broken)
    )
    decision = allowed(person("receptionist"), Permission.DEMOGRAPHICS_READ, patient)
    assert (decision.allowed, decision.rule, decision.step_up) == (False, "clearance", False)


def test_a_refusal_outweighs_a_wish_for_a_fresh_factor(patient, monkeypatch):
    def refuse(actor, permission, ids, purpose, now):
        return dict.fromkeys(ids, Refusal("no"))

    Patient.objects.filter(pk=patient.pk)
    vip = Patient.objects.create(confidentiality="vip")
    user = person("receptionist")
    assert allowed(user, Permission.DEMOGRAPHICS_READ, vip).step_up
    monkeypatch.setitem(
        registry.restrictions, "clearance", registry.Restriction("clearance", refuse)
    )
    decision = allowed(user, Permission.DEMOGRAPHICS_READ, vip)
    assert (decision.allowed, decision.step_up) == (False, False)


def test_start_up_stops_when_a_rule_is_missing_or_unknown(settings):
    settings.ACCESS_RULES = {"reach": ["role"], "restriction": []}
    with pytest.raises(ImproperlyConfigured):
        registry.load()


def test_the_number_of_queries_does_not_grow_with_the_patients(django_assert_num_queries):
    user = person("physician")
    for size in (1, 60):
        ids = [row.pk for row in Patient.objects.bulk_create([Patient() for _ in range(size)])]
        context.current().forget_decisions()
        # Roles, relationships, and the records that are the person's own.
        with django_assert_num_queries(3):
            decide_many(user, Permission.CLINICAL_READ, ids, "TREAT")


def test_decisions_are_remembered_for_the_request_and_forgotten_by_a_deed(
    patient, django_assert_num_queries
):
    user = person("receptionist")
    decide(user, Permission.DEMOGRAPHICS_READ, patient.pk, "PATADMIN")
    with django_assert_num_queries(0):
        decide(user, Permission.DEMOGRAPHICS_READ, patient.pk, "PATADMIN")
    context.current().forget_decisions()
    RoleAssignment.objects.filter(user=user).delete()
    assert not decide(user, Permission.DEMOGRAPHICS_READ, patient.pk, "PATADMIN").allowed


def test_every_patient_that_is_asked_about_gets_an_answer():
    assert decide_many(person("nurse"), Permission.CLINICAL_READ, [], "TREAT") == {}
    ids = [Patient().pk for _ in range(3)]
    assert set(decide_many(person("nurse"), Permission.CLINICAL_READ, ids, "TREAT")) == set(ids)
