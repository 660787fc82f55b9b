"""What a curious insider tries: names letter by letter, numbers one by one, a case that is none."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from patients.models import CareRelationship, Patient, PatientIndex
from patients.queries import lists, search
from patients.services import relationships
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.classification import Category
from security.sealing import index
from security.services import roles, throttle
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
MASKED = {"engagement": "HMARKT", "officer": "HCOMPL", "auditor": "HCOMPL"}
NUMBER = "11010119900307999X"


@pytest.fixture(params=["normal", "vip", "employee"])
def person(request):
    row = Patient.objects.create(
        names=[{"family": "Grossmann", "given": ["Viktoria"]}],
        confidentiality=request.param,
        telecoms=[{"system": "phone", "value": "+8613800138000"}],
        identifiers=[{"system": "urn:id", "value": NUMBER}],
    )
    index.rebuild([row], PatientIndex)
    return row


def found(user, purpose, typed):
    with context.enter(context.Context(actor=user, purpose=purpose)):
        return search.find(user, typed)["hits"]


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize(
    "typed",
    [
        "gr",
        "gross",
        "grossman",
        "viktor",
        "gross v",
        "138000",
        "0138000",
        NUMBER,
        f"urn:id|{NUMBER}",
    ],
)
def test_masked_names_and_numbers_are_not_found_piece_by_piece(clinic, person, name, typed):
    assert found(clinic.users[name], MASKED[name], typed) == []


@pytest.mark.parametrize("source", CareRelationship.Source.values)
def test_an_officer_reads_a_record_inside_a_case_and_by_no_other_tie(clinic, source):
    officer = clinic.users["officer"]
    unit = world.team() if source == "team" else None
    CareRelationship.objects.create(user=officer, patient=clinic.patient, source=source, unit=unit)
    relationships.rebuild(patient_ids=[clinic.patient.pk], user_ids=[officer.pk])
    made = decide(officer, Permission.CLINICAL_READ, clinic.patient.pk, "HCOMPL")
    visible = Patient.objects.visible_to(officer, Category.CLINICAL)
    assert made.allowed == (source == "case")
    assert visible.filter(pk=clinic.patient.pk).exists() == (source == "case")


def test_an_officer_is_given_cases_only(clinic):
    officer, patient = clinic.users["officer"], clinic.patient.pk
    with pytest.raises(relationships.NotClinical):
        relationships.grant(user=officer, patient_id=patient, source="responsible", by=None)
    relationships.grant(user=officer, patient_id=patient, source="case", by=None)
    assert decide(officer, Permission.CLINICAL_READ, patient, "HCOMPL").allowed


@pytest.mark.parametrize("tab", ["", "timeline/", "clinical/", "billing/", "access/"])
@pytest.mark.parametrize("after", ["", "x", "A" * 32])
def test_no_address_opens_a_chart_without_its_event(clinic, tab, after):
    client = clinic.client("physician")
    url = f"/patients/{clinic.patient.pk}/{tab}"
    assert client.get(url, {"after": after} if after else {}, secure=True).status_code == 200
    assert Event.objects.filter(action="patients.chart.opened").count() == 1


def test_one_roles_reach_is_not_lent_to_another_roles_purpose(clinic):
    both = world.person("physician", "auditor")
    relationships.grant(user=both, patient_id=clinic.patient.pk, source="responsible", by=None)
    for purpose, count in {"TREAT": 1, "HCOMPL": 2}.items():
        with context.enter(context.Context(actor=both, purpose=purpose)):
            page = lists.recent(both)
            assert (page["total"], len(page["rows"])) == (count, count)
            assert Patient.objects.visible_to(both, Category.DEMOGRAPHICS).count() == count


def test_a_name_of_eight_megabytes_is_indexed_in_no_time():
    started = time.monotonic()
    index.grams_of_name("单" * 2_000_000)
    index.grams_of_name("word " * 1_000_000)
    assert time.monotonic() - started < 2


def test_a_role_can_not_end_before_it_begins(clinic):
    past = timezone.now() - timedelta(days=1)
    with pytest.raises(roles.EndsBefore):
        roles.grant(user=clinic.users["nurse"], role="physician", ends_at=past, by=None)


def test_strangers_never_make_an_account_wait_longer_than_a_minute():
    assert throttle.ACCOUNT.wait_after(10_000) <= timedelta(minutes=1)
