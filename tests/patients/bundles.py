"""Small bundles written by hand, in English and in Chinese; every name in them is invented."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

NPI = "http://hl7.org/fhir/sid/us-npi"
HOUSE = "http://house.example/record"
ID_CARD = "urn:oid:1.2.156.10011.1.3"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
EMPTY: dict[str, Any] = {}


def sample_files() -> list[Path]:
    """Return the sample bundles, where there are any."""
    beside = settings.BASE_DIR.parent / "shared" / "data"
    found = Path(os.environ.get("CUSTODIA_SAMPLE_DATA", beside)) / "fhir-r4"
    return sorted(found.glob("*.json"))


def uid(name: str) -> str:
    """Return the same UUID for the same name."""
    return str(uuid5(NAMESPACE_URL, f"custodia test {name}"))


def ref(name: str) -> dict[str, str]:
    """Return a reference to the entry with a name."""
    return {"reference": f"urn:uuid:{uid(name)}"}


def concept(code: str, text: str, system: str = SNOMED) -> dict[str, Any]:
    """Return a CodeableConcept."""
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def entry(name: str, kind: str, /, **elements: Any) -> dict[str, Any]:
    """Return an entry of a transaction whose id and address follow from its name."""
    resource = {"resourceType": kind, "id": uid(name), **elements}
    return {
        "fullUrl": f"urn:uuid:{uid(name)}",
        "resource": {key: value for key, value in resource.items() if value is not EMPTY},
        "request": {"method": "POST", "url": kind},
    }


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    """Return a bundle of entries."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def text_of(tree: Any) -> str:
    """Return a bundle as JSON."""
    return json.dumps(tree, ensure_ascii=False)


def patient(name: str = "anna", /, **changes: Any) -> dict[str, Any]:
    """Return an English patient."""
    elements = {
        "identifier": [
            {
                "type": concept("MR", "Medical record number"),
                "system": HOUSE,
                "value": f"A-{name}-0815",
            }
        ],
        "name": [{"use": "official", "family": "Winterbottom", "given": ["Anna", "Maud"]}],
        "telecom": [{"system": "phone", "value": "+1 555 010 7788", "use": "mobile"}],
        "gender": "female",
        "birthDate": "1961-04-17",
    } | changes
    return entry(name, "Patient", **elements)


def doctor(name: str = "doctor", number: str = "4711", /, **changes: Any) -> dict[str, Any]:
    """Return a practitioner."""
    elements = {
        "identifier": [{"system": NPI, "value": number}],
        "active": True,
        "name": [{"family": "Brook", "given": ["Iris"], "prefix": ["Dr."]}],
        "gender": "female",
    } | changes
    return entry(name, "Practitioner", **elements)


def visit(name: str = "visit", /, of: str = "anna", **changes: Any) -> dict[str, Any]:
    """Return an encounter with the doctor at the clinic."""
    elements = {
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept("185345009", "Encounter for symptom")],
        "subject": ref(of),
        "participant": [{"individual": ref("doctor")}],
        "period": {"start": "2021-03-04T09:00:00+00:00", "end": "2021-03-04T09:20:00+00:00"},
        "serviceProvider": ref("clinic"),
    } | changes
    return entry(name, "Encounter", **elements)


def problem(name: str = "problem", /, of: str = "anna", **changes: Any) -> dict[str, Any]:
    """Return a condition found at the visit."""
    elements = {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "code": concept("38341003", "Hypertension"),
        "subject": ref(of),
        "encounter": ref("visit"),
        "onsetDateTime": "2010",
        "recordedDate": "2021-03-04T10:00:00+01:00",
    } | changes
    return entry(name, "Condition", **elements)


def english() -> dict[str, Any]:
    """Return a bundle with every listed type, and with everything that is hard to give back."""
    return bundle(
        patient(
            extension=[{"url": "http://house.example/height", "valueDecimal": 1.5}],
            _birthDate={"extension": [{"url": "http://house.example/time", "valueString": "noon"}]},
            deceasedDateTime="2022-11",
            maritalStatus=concept("M", "Married"),
            multipleBirthInteger=2,
            communication=[{"language": {"coding": [{"code": "en"}]}}],
            address=[{"line": ["1 Mill Lane"], "city": "Ashby", "country": "GB"}],
            contact=[{"name": {"text": "Tom Winterbottom"}, "relationship": [concept("N", "Kin")]}],
        ),
        doctor(),
        entry("clinic", "Organization", identifier=[{"system": HOUSE, "value": "clinic"}], name="Ashby House",
              type=[concept("prov", "Provider")], address=[{"city": "Ashby", "extension": [
                  {"url": "http://house.example/latitude", "valueDecimal": 52.75}]}]),
        visit(),
        problem(),
        entry("allergy", "AllergyIntolerance", patient=ref("anna"), code=concept("91935009", "Peanut"),
              type="allergy", category=["food"], criticality="high", onsetDateTime="1999-05",
              reaction=[{"manifestation": [concept("271807003", "Rash")]}]),
        entry("drug", "MedicationRequest", status="active", intent="order", subject=ref("anna"),
              medicationReference=ref("pill"), authoredOn="2021-03-04",
              dosageInstruction=[{"text": "one a day", "asNeededBoolean": False}]),
        entry("pill", "Medication", code=concept("314076", "Lisinopril 10 MG", RXNORM)),
        entry("drug2", "MedicationRequest", status="stopped", intent="order", subject=ref("anna"),
              contained=[{"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin 100 mg"}}],
              medicationReference={"reference": "#m"}, authoredOn="2020-01-01T08:00:00Z"),
        entry("weight", "Observation", status="final", code=concept("29463-7", "Body weight", LOINC),
              category=[concept("vital-signs", "Vital signs")], subject=ref("anna"), encounter=ref("visit"),
              effectiveDateTime="2021-03-04T09:05:00.25+08:00", issued="2021-03-04T09:05:00.794+00:00",
              valueQuantity={"value": 71, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}),
        entry("crp", "Observation", status="final", code={"text": "CRP"}, subject=ref("anna"),
              effectivePeriod={"start": "2021-03-04"},
              valueQuantity={"value": 0.004, "comparator": "<", "unit": "mg/L"}),
        entry("pressure", "Observation", status="final", code=concept("85354-9", "Blood pressure", LOINC),
              subject=ref("anna"), effectiveDateTime="2021-03-04T09:06:00+00:00", component=[
                  {"code": concept("8462-4", "Diastolic", LOINC), "valueQuantity": {"value": 80.0, "unit": "mm[Hg]"}},
                  {"code": concept("8480-6", "Systolic", LOINC), "valueQuantity": {"value": 121.0, "unit": "mm[Hg]"}}]),
        entry("smoker", "Observation", status="final", code=concept("72166-2", "Smoking", LOINC),
              subject=ref("anna"), effectiveDateTime="2021-03-04T09:07:00+00:00",
              valueCodeableConcept=concept("266919005", "Never smoker"), note=[{"text": "asked twice"}]),
        entry("yes", "Observation", status="final", code={"text": "Asked"}, subject=ref("anna"),
              valueBoolean=True, effectiveInstant="2021-03-04T09:07:00+00:00"),
        entry("shot", "Immunization", status="completed", vaccineCode=concept("140", "Influenza"),
              patient=ref("anna"), occurrenceDateTime="2020-10-01", primarySource=True, lotNumber="L-9"),
        entry("shot2", "Immunization", status="completed", vaccineCode={"text": "Tetanus"},
              patient=ref("anna"), occurrenceString="as a child"),
        entry("cut", "Procedure", status="completed", code=concept("80146002", "Appendectomy"),
              subject=ref("anna"), performedPeriod={"start": "1975-06-01T10:00:00+00:00"},
              reasonCode=[{"text": "pain"}]),
        entry("plan", "CarePlan", status="active", intent="plan", title="Less salt", subject=ref("anna"),
              category=[concept("698360004", "Self management")], period={"start": "2021"},
              activity=[{"detail": {"status": "in-progress", "code": {"text": "Walk"}}}]),
        entry("report", "DiagnosticReport", status="final", code=concept("24323-8", "Panel", LOINC),
              subject=ref("anna"), effectiveDateTime="2021-03-04T09:05:00+00:00", result=[ref("weight")],
              conclusion="All is well."),
        entry("bill", "Claim", status="active", use="claim", type=concept("institutional", "Institutional"),
              patient=ref("anna"), created="2021-03-05T00:00:00+00:00", provider=ref("clinic"),
              priority={"coding": [{"code": "normal"}]}, total={"value": 129.16, "currency": "USD"},
              billablePeriod={"start": "2021-03-04T09:00:00+00:00", "end": "2021-03-04T09:20:00+00:00"},
              insurance=[{"sequence": 1, "focal": True, "coverage": ref("cover")}],
              item=[{"sequence": 1, "productOrService": {"text": "Visit"}, "encounter": [ref("visit")]}]),
        entry("cover", "Coverage", status="active", beneficiary=ref("anna"), subscriberId="M-1",
              type={"text": "public"}, payor=[{"display": "Ashby Mutual"}],
              period={"start": "2020-01-01", "end": "2030-12-31"}),
        entry("benefit", "ExplanationOfBenefit", status="active", use="claim", outcome="complete",
              patient=ref("anna"), created="2021-03-06", total=[{"amount": {"value": 28.104000000000003}}],
              item=[{"sequence": 1, "encounter": [ref("visit")]}]),
        entry("goal", "Goal", lifecycleStatus="active", description={"text": "Below 140/90"}, subject=ref("anna"),
              meta={"security": [{"code": "R"}]}),
    )  # fmt: skip


def chinese() -> dict[str, Any]:
    """Return a bundle of a Chinese hospital: Han names, both orders, local ids, relative references."""
    base = "https://his.example/fhir"
    said = {
        "identifier": [{"system": ID_CARD, "value": "11010519491231002X"}],
        "name": [
            {"use": "official", "family": "欧阳", "given": ["小明"]},
            {"use": "usual", "text": "Ouyang Xiaoming", "family": "Ouyang", "given": ["Xiaoming"]},
        ],
        "gender": "male",
        "birthDate": "1949-12",
        "telecom": [{"system": "phone", "value": "139 1234 5678"}],
        "meta": {"security": [{"code": "CEL"}]},
    }
    resources = [
        {"resourceType": "Patient", "id": "p-1", **said},
        {"resourceType": "Encounter", "id": "e-1", "status": "finished", "class": {"code": "AMB"},
         "subject": {"reference": "Patient/p-1"}, "period": {"start": "2023-02-01T08:30:00+08:00"}},
        {"resourceType": "Condition", "id": "c-1", "code": {"text": "高血压"},
         "subject": {"reference": f"{base}/Patient/p-1"}, "encounter": {"reference": "Encounter/e-1"},
         "onsetDateTime": "2018-07", "meta": {"security": [{"code": "R"}]}},
        {"resourceType": "Observation", "id": "o-1", "status": "final", "code": {"text": "血糖"},
         "subject": {"reference": "Patient/p-1/_history/2"}, "effectiveDateTime": "2023-02-01",
         "valueQuantity": {"value": 6.1, "unit": "mmol/L"}},
    ]  # fmt: skip
    entries = [
        {"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return bundle(*entries, kind="collection")
