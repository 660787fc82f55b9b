"""An allergy speaks up when a medicine is ordered that it is about; it warns and does not forbid."""

import pytest

from patients.models import AllergyIntolerance, MedicationRequest
from patients.queries import cautions
from patients.services import codelists
from tests.patients import cast
from tests.patients.charts import reader
from tests.patients.writing import add_url, corrected, only, sent, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
ATC = "http://www.whocc.no/atc"
PENICILLIN = {"coding": [{"system": "http://snomed.info/sct", "code": "91936005"}]}


@pytest.fixture
def patient():
    codelists.load_shipped()
    return cast.patient()


@pytest.fixture
def client(patient):
    return cast.browser(reader("physician", patient))


def allergic(patient, text, code=None, **fields):
    fields = {"status": "active"} | fields
    return AllergyIntolerance.objects.create(patient=patient, code_text=text, code=code, **fields)


def order(client, patient, text, code="", **more):
    form = sent("medications", code=text, code_code=f"{ATC}|{code}" if code else "", **more)
    return client.post(add_url(patient, "medications"), form)


@pytest.mark.parametrize(
    ("allergy", "coded", "medicine", "code"),
    [
        ("Allergy to penicillin", PENICILLIN, "Amoxicillin · 阿莫西林", "J01CA04"),
        ("Allergy to penicillin", PENICILLIN, "amoxicillin syrup", ""),
        ("青霉素过敏", PENICILLIN, "阿莫西林", ""),
        ("Allergy to ibuprofen", None, "Ibuprofen 400", ""),
        ("布洛芬过敏", None, "布洛芬缓释胶囊", ""),
        ("Penicillin", None, "Penicillin V", "J01CE02"),
        ("Anything", {"coding": [{"system": ATC, "code": "C08CA01"}]}, "Amlodipine", "C08CA01"),
    ],
)
def test_a_medicine_is_warned_of_by_code_or_by_name(
    client, patient, allergy, coded, medicine, code
):
    allergic(patient, allergy, coded)
    answer = order(client, patient, medicine, code)
    assert answer.status_code == 422
    page = cast.words(answer)
    assert "An allergy speaks against this medicine" in page
    assert not MedicationRequest.objects.exists()
    seen = answer.context["form"].cautioned
    assert order(client, patient, medicine, code, seen="another").status_code == 422
    assert order(client, patient, medicine, code, seen=seen).status_code == 302
    assert MedicationRequest.objects.count() == 1
    assert cast.events("patients.item.added")[-1].counts == {"warnings": 1}


@pytest.mark.parametrize(
    ("allergy", "fields"),
    [
        ("Allergy to peanut", {}),
        ("Allergy to penicillin", {"verification": "entered-in-error"}),
        ("Allergy to penicillin", {"status": "resolved"}),
        ("No known allergy", {"code": {"coding": [{"code": "716186003"}]}}),
    ],
)
def test_what_does_not_count_does_not_warn(client, patient, allergy, fields):
    allergic(
        patient, allergy, **{"code": PENICILLIN if "penicillin" in allergy else None, **fields}
    )
    assert order(client, patient, "Amoxicillin", "J01CA04").status_code == 302


def test_a_correction_warns_of_another_medicine_and_not_of_the_same_again(client, patient):
    allergic(patient, "Allergy to penicillin", PENICILLIN)
    order(client, patient, "Amoxicillin", "J01CA04", seen="Amoxicillin (J01CA04)")
    row = only("medications")
    same = corrected("medications", code="Amoxicillin", code_code=f"{ATC}|J01CA04", status="active")
    assert client.post(url(row, "medications"), same).status_code == 302
    other = same | {"version": 2, "code": "Penicillin V", "code_code": f"{ATC}|J01CE02"}
    assert client.post(url(row, "medications"), other).status_code == 422
    assert (
        client.post(url(row, "medications"), other | {"seen": "Penicillin V (J01CE02)"}).status_code
        == 302
    )


def test_an_allergy_that_is_not_open_to_the_writer_is_not_told(patient):
    allergic(patient, "Allergy to penicillin", PENICILLIN, confidentiality="R")
    nurse = cast.browser(reader("nurse", patient))
    answer = order(nurse, patient, "Amoxicillin", "J01CA04")
    assert answer.status_code == 302


def noted(client, patient, text, **more):
    return client.post(add_url(patient, "allergies"), sent("allergies", code=text, **more))


@pytest.mark.parametrize(
    ("medicine", "allergy", "coded"),
    [
        ("Amoxicillin · 阿莫西林", "Allergy to penicillin", "http://snomed.info/sct|91936005"),
        ("Ibuprofen 400", "Allergy to ibuprofen", ""),
        ("布洛芬缓释胶囊", "布洛芬过敏", ""),
    ],
)
def test_an_allergy_that_is_noted_warns_of_medicines_the_patient_has(
    client, patient, medicine, allergy, coded
):
    order(client, patient, medicine)
    order(client, patient, "Metformin")
    answer = noted(client, patient, allergy, code_code=coded)
    assert answer.status_code == 422
    assert "This allergy speaks against medicines that the patient has now" in cast.words(answer)
    assert answer.context["form"].cautions == [medicine]
    assert not AllergyIntolerance.objects.exists()
    seen = answer.context["form"].cautioned
    assert noted(client, patient, allergy, code_code=coded, seen=seen).status_code == 302
    assert cast.events("patients.item.added")[-1].counts == {"warnings": 1}


@pytest.mark.parametrize("more", [{"status": "resolved"}, {"verification": "refuted"}])
def test_an_allergy_that_does_not_count_warns_of_nothing(client, patient, more):
    order(client, patient, "Ibuprofen")
    assert noted(client, patient, "Allergy to ibuprofen", **more).status_code == 302


def test_an_allergy_warns_of_no_medicine_that_is_over(client, patient):
    order(client, patient, "Ibuprofen", status="completed")
    assert noted(client, patient, "Allergy to ibuprofen").status_code == 302


def test_ten_orders_are_held_against_an_allergy_with_the_queries_of_one(patient):
    counts = []
    for _round in range(2):
        with cast.CaptureQueries() as queries:
            cautions.ordered(patient.pk, text="Ibuprofen", coding=None, sees_restricted=False)
        counts.append(len(queries))
        for number in range(9):
            MedicationRequest.objects.create(patient=patient, code_text=f"Medicine {number}", status="active")  # fmt: skip
    # Without an order no list of codes is asked.
    assert counts[1] <= counts[0] + 2
