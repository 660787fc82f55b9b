"""The pages of a patient: each tab, each part of it, only as decided; broken parts stay alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.models import (
    AllergyIntolerance,
    Claim,
    Condition,
    Encounter,
    MedicationRequest,
    Observation,
)
from tests import consenting
from tests.patients import cast
from tests.patients.charts import NOW, page, reader, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TABS = {
    "physician": [
        "Summary",
        "Timeline",
        "Clinical",
        "Notes",
        "Documents",
        "Billing",
        "Contacts",
        "Consents",
        "Appointments",
        "Relationship",
        "Messages",
        "Contact wishes",
        "Feedback",
        "Access",
    ],
    "nurse": [
        "Summary",
        "Timeline",
        "Clinical",
        "Notes",
        "Documents",
        "Contacts",
        "Consents",
        "Appointments",
        "Relationship",
        "Messages",
        "Contact wishes",
        "Feedback",
        "Access",
    ],
    "receptionist": [
        "Summary",
        "Billing",
        "Contacts",
        "Consents",
        "Appointments",
        "Relationship",
        "Contact wishes",
        "Feedback",
        "Access",
    ],
    "finance": [
        "Summary",
        "Billing",
        "Contacts",
        "Consents",
        "Appointments",
        "Relationship",
        "Contact wishes",
        "Feedback",
        "Access",
    ],
    "engagement": ["Summary", "Consents", "Relationship", "Access"],
    "compliance_officer": ["Summary", "Consents", "Appointments", "Relationship", "Access"],
    "auditor": ["Summary", "Billing", "Consents", "Appointments", "Relationship", "Access"],
}


@pytest.fixture
def mia():
    row = record()
    # Who keeps in touch sees those alone who agreed to it.
    consenting.allow(row)
    return row


def tabs_of(response):
    return [str(tab["label"]) for tab in response.context["tabs"]]


# Who sees what


@pytest.mark.parametrize("role", TABS)
def test_each_role_is_offered_its_tabs_and_no_other(mia, role):
    response = page(reader(role, mia), mia)
    assert response.status_code == 200
    assert tabs_of(response) == TABS[role]


@pytest.mark.parametrize("role", ["physician", "nurse"])
def test_a_clinician_sees_what_matters_today(mia, role):
    text = cast.words(page(reader(role, mia), mia))
    for shown in ("Mia Muster", "欧阳娜娜", "Female", "Chinese", "Penicillin", "Rash", "severe", "Asthma",
                  "Salbutamol", "2 puffs", "Potassium", "5.90", "mmol/L", "Follow-up", "Cough",
                  "Zhiyuan Lin", "North Clinic", "Remote visit", "+8613800138000", "Mill Lane 3",
                  "Contact person (Mother)", "you are responsible for this patient"):  # fmt: skip
        assert shown in text, shown
    for hidden in ("Old cold", "Secret illness", "protected", "110101198502281234", "1234.5"):
        assert hidden not in text, hidden
    assert "Restricted entry" in text
    assert "**** 1234" in text


@pytest.mark.parametrize("role", ["receptionist", "finance"])
def test_the_desk_sees_the_person_and_nothing_clinical(mia, role):
    response = page(reader(role, mia), mia)
    text = cast.words(response)
    for shown in ("Mia Muster", "Mill Lane 3", "mia@example.org", "AH-100001", "**** 1234"):
        assert shown in text, shown
    for hidden in (
        "Penicillin",
        "Asthma",
        "Salbutamol",
        "Potassium",
        "Follow-up",
        "Allergies",
        "Restricted",
    ):
        assert hidden not in text, hidden
    assert response.context["banner"]["allergies"] is None


@pytest.mark.parametrize("role", ["engagement", "compliance_officer", "auditor"])
def test_who_sees_people_masked_sees_neither_name_nor_address(mia, role):
    text = cast.words(page(reader(role, mia), mia))
    for hidden in (
        "Mia",
        "Muster",
        "娜",
        "Feb",
        "13800138000",
        "mia@",
        "Mill Lane",
        "Anhe",
        "AH-100001",
        "Ada",
    ):
        assert hidden not in text, hidden
    for shown in ("1985", "*** **** 8000", "**** 0001"):
        assert shown in text, shown
    assert ("**** 1234" in text) is (role != "engagement")
    assert "Reveal" not in text


@pytest.mark.parametrize("tab", ["timeline", "clinical", "billing"])
@pytest.mark.parametrize("role", ["engagement", "nurse", "receptionist"])
def test_a_tab_that_is_not_offered_is_refused_with_the_roles_that_may(mia, role, tab):
    user, offered = reader(role, mia), [name.lower() for name in TABS[role]]
    response = page(user, mia, tab)
    assert response.status_code == (200 if tab in offered else 403)
    if response.status_code == 403:
        assert "Physician" in cast.words(response)
        assert cast.events("security.access.refused")[-1].subjects == [mia.pk]


def test_a_hidden_patient_and_an_absent_one_are_the_same_answer(mia):
    client = cast.browser(cast.staff("physician"))
    for tab in ("patient", "timeline", "clinical", "billing", "access"):
        hidden = client.get(reverse(f"patients:{tab}", args=[mia.pk]))
        absent = client.get(
            reverse(f"patients:{tab}", args=["01890a5d-ac96-774b-bcce-b302099a8057"])
        )
        assert hidden.status_code == absent.status_code == 404
        assert cast.words(hidden) == cast.words(absent)
        assert len(hidden.content) == len(absent.content)


def test_a_confidential_chart_asks_reception_for_a_fresh_factor():
    vip = cast.patient(confidentiality="vip")
    desk = cast.browser(cast.staff("receptionist"))
    url = reverse("patients:patient", args=[vip.pk])
    shown = desk.get(url)
    assert "Mia Muster" in cast.words(shown)
    assert "VIP: confidential" in cast.words(shown)
    assert cast.events("patients.chart.opened")[-1].basis == "role"
    asked = cast.stale(desk).get(url)
    assert asked.status_code == 302
    assert asked.url.startswith(reverse("security:step_up"))
    doctor = cast.stale(cast.browser(reader("physician", vip)))
    assert doctor.get(url).status_code == 200


# Protected entries


def test_protected_entries_open_to_a_named_clearance_alone(mia):
    plain, cleared = reader("physician", mia), reader("physician", mia, cleared=True)
    for tab in ("clinical", "timeline"):
        text = cast.words(page(plain, mia, tab))
        assert "Restricted entry" in text
        for hidden in ("Secret illness", "a protected detail", "a protected note"):
            assert hidden not in text, hidden
        text = cast.words(page(cleared, mia, tab))
        assert "Restricted entry" not in text
        for shown in ("Secret illness", "a protected detail", "a protected note"):
            assert shown in text, shown
    reads = [one for one in cast.events("security.record.read") if one.actor_id == plain.pk]
    assert not any("restricted" in name for one in reads for name in one.fields)


def test_a_protected_envelope_is_not_even_fetched_without_clearance(mia):
    plain = reader("nurse", mia)
    client = cast.browser(plain)
    with CaptureQueriesContext(connection) as made:
        client.get(reverse("patients:clinical", args=[mia.pk]))
    assert not [one for one in made.captured_queries if "sealed_restricted" in one["sql"]]


# Bills


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("physician", ("J45.9 Asthma words", "195967001 Line words", "**** 7001"), ("MEMBER-00777001",)),
        (
            "finance",
            ("1. Treatment of a diagnosis Code **", "2. Service", "**** 7001", "Reveal"),
            ("J45.9", "195967001", "words", "Follow-up line"),
        ),
        ("receptionist", ("**** 7001",), ("J45.9", "195967001", "words", "Diagnosis")),
        ("auditor", ("diagnosis Code **", "**** 7001"), ("J45.9", "words", "Reveal", "Mia")),
    ],
)  # fmt: skip
def test_a_bill_shows_the_diagnosis_as_far_as_the_role_may(mia, role, shown, hidden):
    text = cast.words(page(reader(role, mia), mia, "billing"))
    for one in ("1,234.50", "CNY", "City Fund", "Physician&#x27;s bill", *shown):
        assert one in text, one
    for one in hidden:
        assert one not in text, one


def test_a_protected_bill_tells_no_diagnosis(mia):
    Claim.objects.create(
        patient=mia, confidentiality="R", status="active", occurred_at=NOW,
        diagnoses=[{"diagnosisCodeableConcept": {"coding": [{"code": "F10.2"}]}}],
    )  # fmt: skip
    assert "F10.2" not in cast.words(page(reader("finance"), mia, "billing"))


# Broken seals


def test_a_broken_entry_stays_alone_and_is_an_event(mia):
    broken = Condition.objects.get(patient=mia, occurred_at=NOW - timedelta(days=900))
    cast.break_seal(broken)
    doctor = reader("physician", mia)
    for tab in ("patient", "clinical", "timeline"):
        text = cast.words(page(doctor, mia, tab))
        assert "Unavailable" in text
        assert "Penicillin" in text
    assert cast.events("security.seal.broken")[-1].subjects == [mia.pk]


@pytest.mark.parametrize(
    ("column", "gone", "there"),
    [("sealed_card", "Mia Muster", "Asthma"), ("sealed", "Mill Lane 3", "Mia Muster")],
)
def test_a_broken_person_leaves_the_record_readable(mia, column, gone, there):
    cast.break_seal(mia, column)
    response = page(reader("physician", mia), mia)
    assert response.status_code == 200
    text = cast.words(response)
    assert "Unavailable" in text
    assert gone not in text
    assert there in text


def test_an_allergy_that_can_not_be_read_is_never_left_out(mia):
    row = AllergyIntolerance.objects.get(patient=mia)
    cast.break_seal(row)
    AllergyIntolerance.objects.create(patient=mia, code_text="Latex", confidentiality="R")
    banner = page(reader("nurse", mia), mia).context["banner"]
    assert [one.get("broken") for one in banner["allergies"]] == [True, False]
    assert "Latex" not in str(banner)
    assert not banner["no_known_allergies"]


def test_no_known_allergies_are_told_apart_from_none_recorded():
    known, unknown = cast.patient(), cast.patient()
    AllergyIntolerance.objects.create(patient=known, code={"coding": [{"code": "716186003"}]})
    nurse = reader("nurse", known, unknown)
    assert "No known allergies" in cast.words(page(nurse, known))
    assert "None recorded; ask the patient" in cast.words(page(nurse, unknown))


def test_what_was_cancelled_or_entered_in_error_does_not_matter_today(mia):
    for model in (Condition, Observation, MedicationRequest):
        model.objects.create(
            patient=mia, code_text="Slip", status="entered-in-error", occurred_at=NOW
        )
    Condition.objects.create(
        patient=mia, code_text="Slip", status="active", verification="refuted", occurred_at=NOW
    )
    Encounter.objects.create(
        patient=mia, type_text="Slip", status="cancelled", occurred_at=NOW + timedelta(days=1)
    )
    assert "Slip" not in cast.words(page(reader("physician", mia), mia))
