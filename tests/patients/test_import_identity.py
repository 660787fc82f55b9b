"""Who is who: people, practitioners and items are recognised whichever source names them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from patients import models
from patients.fhir import export
from patients.models import (
    BillingAttachment,
    CareRelationship,
    ClinicalAttachment,
    Condition,
    Encounter,
    Observation,
    Organization,
    Patient,
    Practitioner,
)
from patients.queries import carers, entries
from tests.patients import bundles
from tests.patients.bundles import bundle, doctor, entry, patient, problem, visit
from tests.patients.importing import (
    assert_given_back,
    bring,
    refusals,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def uncovered(model: type[models.PatientRecord]) -> list[Any]:
    """Return all rows of a model as somebody reads them who may read what is protected."""
    rows = list(model._default_manager.all())
    for row in rows:
        entries.uncover(row, sees_restricted=True)
    return rows


def test_a_patient_without_anything_to_be_known_by_is_refused() -> None:
    nameless = {"resource": {"resourceType": "Patient", "id": "1", "name": [{"text": "Anna"}]}}

    assert "no identifier by which" in refusals(bundle(nameless))[0]


def test_the_same_person_of_another_source_joins_the_record() -> None:
    bring(bundle(patient(), problem(encounter=bundles.EMPTY)))
    other = patient("annother", identifier=patient()["resource"]["identifier"], gender="unknown")
    tree = bundle(other, problem("second", of="annother", encounter=bundles.EMPTY))

    outcome = bring(tree)
    again = bring(tree)

    person = Patient.objects.get()
    assert person.sex == "female"
    assert (len(outcome.created), len(again.created), len(again.updated)) == (2, 0, 0)
    assert {row.patient_id for row in Condition.objects.all()} == {person.pk}
    assert ClinicalAttachment.objects.get().resource_type == "Patient"
    assert_given_back(tree)


def test_a_shared_identifier_with_another_birth_date_is_refused() -> None:
    bring(bundle(patient()))
    other = patient("bert", identifier=patient()["resource"]["identifier"], birthDate="1990-01-01")

    assert "born on another day" in refusals(bundle(other))[0]


def test_identifiers_of_two_people_are_refused() -> None:
    bring(bundle(patient(), patient("bert", birthDate="1961-04-17")))
    both = [patient(name)["resource"]["identifier"][0] for name in ("anna", "bert")]

    assert "different patients" in refusals(bundle(patient("clara", identifier=both)))[0]


def test_several_patients_may_share_a_bundle_when_each_entry_names_its_own() -> None:
    bring(bundle(patient(), patient("bert"), problem(of="bert", encounter=bundles.EMPTY)))

    bert = next(one for one in Patient.objects.all() if one.record_number == "A-bert-0815")
    assert Condition.objects.get().patient_id == bert.pk
    assert (
        "names no patient"
        in refusals(
            bundle(patient(), patient("bert"), entry("loose", "Medication", code={"text": "x"}))
        )[0]
    )


def test_an_encounter_of_somebody_else_is_refused() -> None:
    tree = bundle(patient(), patient("bert"), doctor(), visit(of="anna"), problem(of="bert"))

    assert "of another patient" in refusals(tree)[0]


def test_a_bundle_may_hold_the_directory_alone() -> None:
    place = entry("place", "Location", name="Ashby House", telecom=[{"value": "1"}])
    outcome = bring(bundle(doctor(), place, kind="batch"))

    assert (len(outcome.created), outcome.patients) == (2, [])
    assert bring(bundle(doctor(), place, kind="batch")).created == []


def test_items_may_follow_for_a_patient_who_came_before() -> None:
    bring(bundles.chinese())
    base = "https://his.example/fhir"

    def later(number: str, **subject: Any) -> dict[str, Any]:
        resource = {"resourceType": "Observation", "id": number, "status": "final", "subject": subject,
                    "encounter": {"reference": "Encounter/e-1"}}  # fmt: skip
        return {"fullUrl": f"{base}/Observation/{number}", "resource": resource}

    bring(bundle(later("o-2", reference="Patient/p-1")))
    bring(
        bundle(later("o-3", identifier={"system": bundles.ID_CARD, "value": "11010519491231002x"}))
    )
    bring(
        bundle(later("o-4", reference=f"Patient?identifier={bundles.ID_CARD}%7C11010519491231002X"))
    )

    encounter = Encounter.objects.get()
    assert [row.encounter_id for row in Observation.objects.all()].count(encounter.pk) == 3
    assert Observation.objects.filter(patient=Patient.objects.get()).count() == 4


def test_local_ids_of_two_hospitals_do_not_meet() -> None:
    def hospital(city: str) -> dict[str, Any]:
        tree = deepcopy(bundles.chinese())
        for one in tree["entry"]:
            one["fullUrl"] = one["fullUrl"].replace("his.example", f"{city}.example")
            if isinstance(one["resource"].get("code"), dict):
                one["resource"]["code"] = {"text": city}
                one["resource"]["subject"] = {"reference": "Patient/p-1"}
        return tree

    bring(hospital("beijing"))
    bring(hospital("ningbo"))

    assert Patient.objects.count() == 1
    assert {row.code_text for row in uncovered(Condition)} == {"beijing", "ningbo"}


def test_the_directory_knows_practitioners_by_their_number_whichever_source_names_them() -> None:
    bring(bundle(doctor()))
    same = doctor("again", "4711", gender="other")
    bring(bundle(same))
    bring(bundle(same))

    row = Practitioner.objects.get()
    assert (row.gender, row.display_name) == ("female", "Iris Brook")
    assert [one["id"] for one in export.directory_resources(row)] == [
        bundles.uid("doctor"),
        bundles.uid("again"),
    ]
    assert bring(bundle(doctor(active=False))).updated == [row]
    assert [
        one.get("active") for one in export.directory_resources(Practitioner.objects.get())
    ] == [
        False,
        True,
    ]


def test_foreign_keys_lead_from_items_to_encounters_and_on_to_the_directory() -> None:
    outcome = bring(bundles.english())

    encounter = Encounter.objects.get()
    assert encounter.practitioner == Practitioner.objects.get()
    assert encounter.organization == Organization.objects.get()
    for model in (Condition, models.Claim, BillingAttachment):
        assert model._default_manager.get().encounter_id == encounter.pk
    assert outcome.dangling == 0


def test_references_to_nobody_known_are_counted_and_kept() -> None:
    tree = bundle(patient(), visit(), problem(encounter={"reference": "Encounter/gone"}))

    outcome = bring(tree)

    assert outcome.dangling == 3
    assert Condition.objects.get().encounter_id is None
    assert_given_back(tree)


def test_labels_raise_the_confidentiality() -> None:
    bring(bundles.chinese())
    bring(bundles.english())

    by_number = {one.birth_on.year: one.confidentiality for one in Patient.objects.all()}
    assert by_number == {1949: "vip", 1961: "normal"}
    assert {one.code_text: one.confidentiality for one in uncovered(Condition)} == {
        "高血压": "R",
        "Hypertension": "N",
    }
    goal = next(one for one in uncovered(ClinicalAttachment) if one.resource_type == "Goal")
    assert (goal.confidentiality, goal.title) == ("R", "Below 140/90")


def test_nobody_is_looked_after_by_an_import_alone() -> None:
    outcome = bring(bundles.english())

    assert carers.missing_among(outcome.patients) == outcome.patients
    assert not CareRelationship.objects.exists()
