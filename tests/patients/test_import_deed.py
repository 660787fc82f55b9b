"""One bundle is one deed: all of it or nothing, recognised when it comes again, given back unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from audit.models import Event, State
from patients.fhir import bundle as bundle_reader
from patients.fhir import export, parsing
from patients.models import (
    CarePlan,
    Condition,
    Encounter,
    MedicationRequest,
    Patient,
    PatientIndex,
)
from patients.services import imports
from security.sealing import index
from tests.patients import bundles
from tests.patients.bundles import bundle, entry, patient, ref
from tests.patients.importing import (
    assert_given_back,
    bring,
    change,
    fingerprint,
    given_back,
    refusals,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


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
        (reason,) = refusals(tree)

    assert reason.startswith("entry[0] Patient.gender: 不是")


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
