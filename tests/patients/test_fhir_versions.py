"""Other versions of FHIR give themselves away, and other things than bundles too."""

from __future__ import annotations

from typing import Any

import pytest

from patients.fhir import bundle
from patients.fhir.parsing import Unreadable
from tests.patients import bundles
from tests.patients.bundles import entry, patient, ref

R5 = {
    "class is a list": {"resourceType": "Encounter", "class": [{"coding": []}]},
    "actual period": {"resourceType": "Encounter", "actualPeriod": {"start": "2024"}},
    "codeable reference": {"resourceType": "MedicationRequest", "medication": {"concept": {}}},
    "a type of its own": {"resourceType": "MedicationUsage"},
    "occurrence": {"resourceType": "Procedure", "occurrenceDateTime": "2024"},
    "addresses": {"resourceType": "CarePlan", "addresses": [{"reference": {"reference": "x"}}]},
    "said": {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"},
    "profile": {
        "resourceType": "Patient",
        "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Patient"]},
    },
    "canonical": {
        "resourceType": "Patient",
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"]},
    },
}
OLDER = {
    "class is a code": {"resourceType": "Encounter", "class": "ambulatory"},
    "family is a list": {"resourceType": "Patient", "name": [{"family": ["Doe"]}]},
    "care provider": {"resourceType": "Patient", "careProvider": [{"reference": "x"}]},
    "order": {"resourceType": "MedicationOrder"},
    "status is a code": {"resourceType": "Condition", "clinicalStatus": "active"},
    "patient": {"resourceType": "Condition", "patient": {"reference": "x"}},
    "context": {"resourceType": "Observation", "context": {"reference": "x"}},
    "not given": {"resourceType": "Immunization", "notGiven": False},
    "said": {"resourceType": "Conformance", "fhirVersion": "1.0.2"},
}


def read_with(resource: dict[str, Any]) -> bundle.Bundle:
    return bundle.read(bundles.bundle(patient(), {"fullUrl": "urn:uuid:x", "resource": resource}))


@pytest.mark.parametrize("resource", R5.values(), ids=R5)
def test_r5_is_told_by_its_shapes(resource: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match=r"FHIR (R5|5\.0).*R4 is read.*entry\[1\]"):
        read_with(resource)


@pytest.mark.parametrize("resource", OLDER.values(), ids=OLDER)
def test_older_versions_are_told_by_their_shapes(resource: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match=r"FHIR (DSTU2|DSTU2/STU3|1\.0\.2), and R4 is read"):
        read_with(resource)


def test_a_version_said_by_the_bundle_itself_counts() -> None:
    with pytest.raises(Unreadable, match=r"FHIR 5\.0\.0"):
        bundle.read(bundles.english() | {"fhirVersion": "5.0.0"})


def test_r4_and_its_profiles_are_read() -> None:
    profile = ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|5.0.1"]
    plain = ["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"]

    assert not bundle.read(bundles.bundle(patient(meta={"profile": profile + plain}))).problems
    assert not bundle.read(bundles.english()).problems
    assert not bundle.read(bundles.chinese()).problems


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (None, "no FHIR resource"),
        ([1, 2], "no FHIR resource"),
        ({"a": 1}, "no FHIR resource"),
        ({"resourceType": "Patient", "id": "1"}, r"single resource \(Patient\)"),
        ({"resourceType": "bundle", "type": "batch"}, r"single resource \(bundle\)"),
        ({"resourceType": 7}, r"single resource \(\?\)"),
        ({"resourceType": "Bundle", "type": "searchset", "entry": []}, "not a bundle of type"),
        ({"resourceType": "Bundle", "type": "transaction"}, "no entries"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": []}, "no entries"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, "no entries"),
    ],
)
def test_what_is_no_bundle_to_import_is_refused(tree: Any, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        bundle.read(tree)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("x", "resource"),
        ({"fullUrl": "urn:uuid:1"}, "resource"),
        ({"resource": {"id": "1"}}, "resourceType"),
        ({"resource": {"resourceType": "patient", "id": "1"}}, ""),
        ({"resource": {"resourceType": "Patient"}}, "id"),
        ({"resource": {"resourceType": "Patient", "id": 5}, "fullUrl": "urn:uuid:1"}, "id"),
        ({"resource": {"resourceType": "Patient", "id": "x" * 500}}, "id"),
        ({"resource": {"resourceType": "Patient", "id": "1"}, "request": {"method": "DELETE"}}, "request.method"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_by_number_and_path(raw: Any, path: str) -> None:
    problems = bundle.read(bundles.bundle(patient(), raw)).problems

    assert [(problem.index, problem.path) for problem in problems] == [(1, path)]


def test_the_same_entry_twice_is_a_problem() -> None:
    assert bundle.read(bundles.bundle(patient(), patient())).problems


def test_two_patients_with_one_identifier_are_a_problem() -> None:
    shared = patient("bert", identifier=patient()["resource"]["identifier"])
    problems = bundle.read(bundles.bundle(patient(), shared)).problems

    assert [problem.path for problem in problems] == ["identifier"]


def test_references_of_every_form_lead_to_their_entry() -> None:
    read = bundle.read(
        bundles.bundle(
            patient(),
            {
                "fullUrl": "https://a.example/fhir/Patient/7",
                "resource": {"resourceType": "Patient", "id": "7"},
            },
            {
                "fullUrl": "https://a.example/fhir/Goal/1",
                "resource": {"resourceType": "Goal", "id": "1"},
            },
        )
    )
    goal = read.entries[2]
    anna = {"system": bundles.HOUSE, "value": "A-anna-0815"}

    def to(reference: dict[str, Any]) -> int | None:
        pointer = read.follow(reference, of=goal, type="Patient")
        return pointer.entry.index if pointer and pointer.entry else None

    assert to(ref("anna")) == 0
    assert to({"reference": f"Patient/{bundles.uid('anna')}"}) == 0
    assert to({"reference": f"Patient?identifier={bundles.HOUSE}|A-anna-0815"}) == 0
    assert to({"identifier": anna}) == 0
    assert to({"reference": "Patient/7"}) == 1
    assert to({"reference": "https://a.example/fhir/Patient/7/_history/3"}) == 1
    assert to({"reference": "https://b.example/fhir/Patient/7"}) is None
    assert to({"reference": "#inside"}) is None
    assert to({"reference": "Patient/8"}) is None
    assert read.follow({"display": "nobody"}, of=goal) is None


def test_problems_show_no_value() -> None:
    wrong = entry("odd", "Goal", subject=ref("anna"))
    wrong["request"] = {"method": "Winterbottom"}
    problem = bundle.read(bundles.bundle(patient(), wrong)).problems[0]

    assert str(problem).startswith("entry[1] Goal.request.method: ")
    assert "Winterbottom" not in str(problem)
