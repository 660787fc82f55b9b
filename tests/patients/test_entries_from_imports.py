"""Entries that came with an import: corrected here they keep what they do not show, and stay corrected."""

import pytest
from django.db import transaction

from patients.fhir import bundle as bundles
from patients.fhir import export
from patients.models import Condition, Observation
from patients.services import imports
from patients.services.imports import BundleRefused
from tests.patients import cast
from tests.patients.charts import reader
from tests.patients.writing import FORMS, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
SNOMED = "http://snomed.info/sct"


def tree(note="first"):
    patient = {
        "resourceType": "Patient", "id": "11111111-1111-4111-8111-111111111111", "gender": "female",
        "identifier": [{"system": "urn:clinic", "value": "P-77"}], "name": [{"family": "Muster", "given": ["Mia"]}],
    }  # fmt: skip
    whose = {"reference": f"urn:uuid:{patient['id']}"}
    condition = {
        "resourceType": "Condition", "id": "22222222-2222-4222-8222-222222222222", "subject": whose,
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": "195967001", "display": "Asthma"}, {"system": "http://hl7.org/fhir/sid/icd-10", "code": "J45.9"}], "text": "Asthma"},
        "onsetDateTime": "2016", "evidence": [{"detail": [{"display": "spirometry"}]}], "note": [{"text": note}],
    }  # fmt: skip
    observation = {
        "resourceType": "Observation", "id": "33333333-3333-4333-8333-333333333333", "subject": whose, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "Potassium"},
        "effectiveDateTime": "2026-01-02T08:15:30+08:00", "method": {"text": "electrode"},
        "valueQuantity": {"value": 5.9, "unit": "mmol/l", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    }  # fmt: skip
    entries = [
        {"fullUrl": f"urn:uuid:{r['id']}", "resource": r, "request": {"method": "POST", "url": r["resourceType"]}}
        for r in (patient, condition, observation)
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def bring_in(**changes):
    with transaction.atomic():
        return imports.bring_in(bundle=bundles.read(tree(**changes)))


@pytest.fixture
def doctor():
    bring_in()
    row = Condition.objects.select_related("patient").get()
    return reader("physician", row.patient)


def form_as_shown(row, **changes):
    shown = FORMS["conditions" if isinstance(row, Condition) else "observations"].read(row)
    concept = shown.pop("code")
    sent = {name: str(value or "") for name, value in shown.items()} | {
        "code": concept.text, "code_code": f"{concept.coding['system']}|{concept.coding['code']}",
    }  # fmt: skip
    return sent | {"version": row.version, "reason": "from the letter"} | changes


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(doctor):
    client = cast.browser(doctor)
    for kind, model in (("conditions", Condition), ("observations", Observation)):
        with cast.acting(doctor):
            row = model.objects.get()
            sent = form_as_shown(row)
        answer = client.post(url(row, kind), sent)
        assert answer.status_code == 422
        assert "Nothing is different" in cast.words(answer)
        assert model.objects.get().version == 1


def test_a_correction_keeps_codes_dates_and_elements_that_no_form_shows(doctor):
    client = cast.browser(doctor)
    with cast.acting(doctor):
        row = Condition.objects.get()
        sent = form_as_shown(row, status="inactive")
    assert client.post(url(row, "conditions"), sent).status_code == 302
    with cast.acting(doctor):
        resource = export.resource_of(Condition.objects.get())
    before = tree()["entry"][1]["resource"]
    assert resource["clinicalStatus"]["coding"][0]["code"] == "inactive"
    for name in (
        "code",
        "onsetDateTime",
        "evidence",
        "note",
        "verificationStatus",
        "id",
        "subject",
    ):
        assert resource[name] == before[name], name


def test_a_corrected_result_is_written_anew_and_keeps_the_rest(doctor):
    client = cast.browser(doctor)
    with cast.acting(doctor):
        row = Observation.objects.get()
        sent = form_as_shown(row, result="4.9")
    assert client.post(url(row, "observations"), sent).status_code == 302
    with cast.acting(doctor):
        resource = export.resource_of(Observation.objects.get())
    assert resource["valueQuantity"]["value"] == 4.9
    assert resource["status"] == "corrected"
    assert resource["method"] == {"text": "electrode"}
    assert resource["effectiveDateTime"] == "2026-01-02T08:15:30+08:00"


def test_what_was_corrected_here_is_not_overwritten_by_the_source(doctor):
    with cast.acting(doctor):
        row = Condition.objects.get()
        sent = form_as_shown(row, onset="2015-03", notes="asked the patient")
    assert cast.browser(doctor).post(url(row, "conditions"), sent).status_code == 302
    bring_in()
    with pytest.raises(BundleRefused):
        bring_in(note="second")
    with cast.acting(doctor):
        row = Condition.objects.get()
        assert (row.version, row.notes[0]["text"]) == (2, "asked the patient")
        assert export.resource_of(row)["onsetDateTime"] == "2015-03"
