"""One bundle is one deed: all of it or nothing, recognised when it comes again, given back unchanged."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from audit.models import Event, State
from patients import models
from patients.fhir import bundle as bundle_reader
from patients.fhir import export, parsing, values
from patients.models import (
    BillingAttachment,
    CarePlan,
    CareRelationship,
    ClinicalAttachment,
    Condition,
    Encounter,
    MedicationRequest,
    Observation,
    Organization,
    Patient,
    PatientIndex,
    Practitioner,
)
from patients.queries import carers
from patients.services import imports
from patients.services.imports import BundleRefused, Outcome
from security.sealing import index
from tests.patients import bundles
from tests.patients.bundles import bundle, doctor, entry, patient, problem, ref, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def bring(tree: dict[str, Any], **options: Any) -> Outcome:
    """Bring a bundle in as a file of it would be."""
    read = bundle_reader.read(parsing.parse(bundles.text_of(tree).encode()))
    return imports.bring_in(bundle=read, **options)


def refusals(tree: dict[str, Any]) -> list[str]:
    """Return why a bundle is refused."""
    with pytest.raises(BundleRefused) as refusal:
        bring(tree)
    return [str(one) for one in refusal.value.problems]


def fingerprint() -> str:
    """Return a digest of every row of the record, the directory and the trail."""
    state = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND"
            " (tablename LIKE 'patients%' OR tablename LIKE 'audit_%' OR tablename = 'security_datakey')"
            " ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            state.update(repr((table, cursor.fetchall())).encode())
    return state.hexdigest()


def given_back() -> dict[tuple[str, str], Any]:
    """Return every resource that the record and the directory hold."""
    found = [one for person in Patient.objects.all() for one in export.record_of(person.pk)]
    for model in (Practitioner, Organization, models.DirectoryResource):
        for row in model._default_manager.all():
            found += export.directory_resources(row)
    assert len(found) == len({(one["resourceType"], one["id"]) for one in found})
    return {(one["resourceType"], one["id"]): one for one in found}


def assert_given_back(tree: dict[str, Any]) -> None:
    """Hold every entry of a bundle against what comes out."""
    found = given_back()
    parsed = parsing.parse(bundles.text_of(tree).encode())
    for one in parsed["entry"]:
        resource = one["resource"]
        assert values.same(found[resource["resourceType"], resource["id"]], resource)


@pytest.mark.parametrize("make", [bundles.english, bundles.chinese])
def test_every_entry_is_kept_and_given_back(make: Any) -> None:
    tree = make()
    outcome = bring(tree)

    assert (len(outcome.created), len(outcome.updated)) == (len(tree["entry"]), 0)
    assert_given_back(tree)


def test_one_event_holds_the_state_of_every_row() -> None:
    outcome = bring(bundles.english())

    event = Event.objects.get(action="patients.bundle.imported")
    states = State.objects.filter(event_id=event.pk)
    assert event.subjects == [Patient.objects.get().pk] == outcome.patients
    assert {state.object_id for state in states} == {row.pk for row in outcome.created}
    assert event.counts["created"] == len(outcome.created)
    assert event.system == "tests"


def test_a_second_import_changes_nothing() -> None:
    bring(bundles.english())
    bring(bundles.chinese())
    before = fingerprint()

    outcomes = [bring(bundles.english()), bring(bundles.chinese())]

    assert [(len(one.created), len(one.updated)) for one in outcomes] == [(0, 0), (0, 0)]
    assert outcomes[0].unchanged == len(bundles.english()["entry"])
    assert fingerprint() == before


def test_a_changed_resource_is_the_next_version_of_its_row() -> None:
    bring(bundles.english())
    tree = bundles.english()
    change(tree, "problem", onsetDateTime="2011", code={"text": "Gout"})
    change(tree, "anna", gender="other")
    change(tree, "benefit", outcome="partial")

    outcome = bring(tree)

    assert sorted(row.seal_label for row in outcome.updated) == [
        "patients.billing_attachment",
        "patients.condition",
        "patients.patient",
    ]
    assert [row.version for row in outcome.updated] == [2, 2, 2]
    assert Encounter.objects.get().version == 1
    assert Condition.objects.get().code_text == "Gout"
    assert_given_back(tree)
    states = State.objects.filter(object_id=Condition.objects.get().pk).order_by("version")
    assert [state.version for state in states] == [1, 2]


def change(tree: dict[str, Any], name: str, /, **elements: Any) -> None:
    """Change elements of an entry."""
    for one in tree["entry"]:
        if one["resource"]["id"] == bundles.uid(name):
            one["resource"] |= elements


def test_what_was_corrected_here_is_not_overwritten() -> None:
    bring(bundles.english())
    row = Condition.objects.get()
    row.code_text = "Essential hypertension"
    row.advance()
    row.save()
    before = fingerprint()

    assert len(bring(bundles.english()).updated) == 0
    tree = bundles.english()
    change(tree, "problem", onsetDateTime="2011")
    (reason,) = refusals(tree)

    assert "Condition: was corrected here" in reason
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("name", "elements", "place"),
    [
        ("anna", {"gender": "weiblich"}, "Patient.gender"),
        ("anna", {"birthDate": "2020-13-45"}, "Patient.birthDate"),
        ("problem", {"onsetDateTime": "2020-13-45"}, "Condition.onsetDateTime"),
        ("problem", {"subject": {"reference": "Patient/nobody"}}, "Condition.subject"),
        ("problem", {"subject": {"reference": "urn:uuid:nobody"}}, "Condition.subject"),
        ("problem", {"subject": {"display": "Anna"}}, "Condition.subject"),
        ("problem", {"subject": ref("clinic")}, "Condition.subject"),
        ("cover", {"beneficiary": None}, "Coverage.beneficiary"),
        ("goal", {"subject": {"reference": "Patient/nobody"}}, "Goal.subject"),
        ("doctor", {"name": "Iris"}, "Practitioner.name"),
    ],
)
def test_one_mistake_refuses_the_whole_bundle(name: str, elements: Any, place: str) -> None:
    before = fingerprint()
    tree = bundles.english()
    change(tree, name, **elements)

    reasons = refusals(tree)

    assert len(reasons) == 1
    assert f" {place}: " in reasons[0]
    assert "Winterbottom" not in reasons[0]
    assert fingerprint() == before


def test_each_wrong_entry_is_reported_once_in_order() -> None:
    tree = bundles.english()
    change(tree, "weight", status="done")
    change(tree, "plan", intent="maybe")
    change(tree, "clinic", name=7)
    tree["entry"].append("nothing")

    reasons = refusals(tree)

    assert [reason.split(" ")[0] for reason in reasons] == sorted(
        (reason.split(" ")[0] for reason in reasons), key=lambda text: int(text[6:-1])
    )
    assert len(reasons) == 4


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
    assert {row.code_text for row in Condition.objects.all()} == {"beijing", "ningbo"}


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
    assert {one.code_text: one.confidentiality for one in Condition.objects.all()} == {
        "高血压": "R",
        "Hypertension": "N",
    }
    goal = next(one for one in ClinicalAttachment.objects.all() if one.resource_type == "Goal")
    assert (goal.confidentiality, goal.title) == ("R", "Below 140/90")


def test_people_are_found_by_the_index_in_both_scripts() -> None:
    bring(bundles.chinese())
    person = Patient.objects.get().pk

    for text in ("欧阳小明", "小明", "ouyang", "xiaoming", "oyxm"):
        assert index.ids(index.find_tokens(PatientIndex, index.query_grams(text))) == [person], text
    assert index.ids(index.find_tokens(PatientIndex, [("tail", "5678")])) == [person]
    for text in ("11010519491231002X", f"{bundles.ID_CARD}|11010519491231002x"):
        assert index.ids(index.find_exact(PatientIndex, "identifier", text)) == [person]
    tree = bundles.chinese()
    tree["entry"][0]["resource"]["telecom"] = [{"system": "phone", "value": "139 1234 9999"}]
    bring(tree)
    assert index.ids(index.find_tokens(PatientIndex, [("tail", "5678")])) == []
    assert index.ids(index.find_tokens(PatientIndex, [("tail", "9999")])) == [person]


def test_patients_stand_in_the_order_of_their_last_visit() -> None:
    bring(bundles.english())

    at = Patient.objects.get().last_activity_at
    assert at.date().isoformat() == "2021-03-06"


def test_how_exact_a_date_is_known_is_told() -> None:
    bring(bundles.english())
    row = Condition.objects.get()

    assert export.precision_of(row, "onset_at") == "year"
    assert export.precision_of(row, "recorded_at") == "instant"
    assert export.precision_of(CarePlan.objects.get(), "occurred_at") == "year"
    assert Patient.objects.get().birth_precision == "day"


def test_medications_are_called_by_what_they_refer_to() -> None:
    bring(bundles.english())

    assert {row.code_text for row in MedicationRequest.objects.all()} == {
        "Lisinopril 10 MG",
        "Aspirin 100 mg",
    }


def test_a_row_that_was_made_here_becomes_a_resource_too() -> None:
    bring(bundles.english())
    person, encounter = Patient.objects.get(), Encounter.objects.get()
    row = Condition(patient=person, encounter=encounter, code_text="Gout", status="active")
    row.save()

    resource = export.resource_of(Condition.objects.get(pk=row.pk))

    assert resource["id"] == str(row.pk)
    assert resource["subject"] == {"reference": f"Patient/{person.pk}"}
    assert resource["encounter"] == {"reference": f"Encounter/{encounter.pk}"}
    assert resource["code"] == {"text": "Gout"}


def test_the_number_of_queries_does_not_grow_with_the_entries(
    django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    def with_observations(person: str, count: int) -> dict[str, Any]:
        return bundle(
            patient(person),
            *(
                entry(f"{person}{n}", "Observation", status="final", subject=ref(person))
                for n in range(count)
            ),
        )

    bring(with_observations("clara", 1))
    with django_assert_max_num_queries(40) as few:
        bring(with_observations("anna", 2))
    with django_assert_num_queries(len(few)):
        bring(with_observations("bert", 80))
    with django_assert_max_num_queries(20) as again:
        bring(with_observations("anna", 2))
    with django_assert_num_queries(len(again)):
        bring(with_observations("bert", 80))


def test_refusals_are_translated() -> None:
    tree = bundles.english()
    change(tree, "anna", gender="weiblich")
    with translation.override("zh-hans"):
        reasons = refusals(tree)

    assert "Patient.gender" in reasons[0]


def test_every_entry_of_the_sample_bundles_survives_the_database() -> None:
    files = bundles.sample_files()
    if not files:
        pytest.skip("no sample data here")
    entries = 0
    for file in files[3:12:4]:
        read = bundle_reader.read(parsing.parse(file.read_bytes()))
        entries += imports.bring_in(bundle=read).entries
    found = given_back()
    lost = [
        one["resource"]["resourceType"]
        for file in files[3:12:4]
        for one in json.loads(file.read_bytes())["entry"]
        if json.dumps(one["resource"], sort_keys=True)
        != json.dumps(found[one["resource"]["resourceType"], one["resource"]["id"]], sort_keys=True)
    ]

    assert (entries > 300, lost) == (True, [])


def test_nobody_is_looked_after_by_an_import_alone() -> None:
    outcome = bring(bundles.english())

    assert carers.missing_among(outcome.patients) == outcome.patients
    assert not CareRelationship.objects.exists()
