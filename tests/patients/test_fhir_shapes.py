"""Whatever is read into fields is given back the same, and anew where a field was changed."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.fhir import attachments, bundle, parsing, shapes, values
from patients.fhir.elements import Mistake
from patients.fhir.mapping import SHAPES
from tests.patients import bundles


def listed(tree: dict[str, Any]) -> list[dict[str, Any]]:
    read = bundle.read(parsing.parse(bundles.text_of(tree).encode()))
    assert not read.problems
    return [entry.resource for entry in read.entries if entry.type in SHAPES]


def round_trip(resource: dict[str, Any]) -> dict[str, Any]:
    row = shapes.read(SHAPES[resource["resourceType"]], resource)
    return shapes.write(SHAPES[resource["resourceType"]], row, row["extra"])


def test_every_resource_of_the_small_bundles_is_given_back() -> None:
    for resource in (*listed(bundles.english()), *listed(bundles.chinese())):
        assert values.same(round_trip(resource), resource), resource["resourceType"]


def test_every_entry_of_the_sample_bundles_is_given_back() -> None:
    files = bundles.sample_files()
    if not files:
        pytest.skip("no sample data here")
    lost = 0
    for file in files:
        for entry in bundle.read(parsing.parse(file.read_bytes())).entries:
            if entry.type in SHAPES:
                again = round_trip(entry.resource)
            else:
                again = values.unpack(attachments.read(entry)[1]["resource"])
            lost += json.dumps(again, sort_keys=True) != json.dumps(entry.resource, sort_keys=True)

    assert lost == 0


ODD = (None, True, 0, 1, 1.0, -1, "", "x", "2010", [], {}, [{}], [None], {"value": 1}, [{"value": 1.5}],
       {"coding": [], "text": "x"}, {"start": "2010"}, {"end": "2010-02-03"}, {"display": "y"}, [["x"]])  # fmt: skip


WHOLE = [*listed(bundles.english()), *listed(bundles.chinese())]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_resource_that_is_read_is_given_back(data: st.DataObject) -> None:
    """Elements that contradict one another, or are odd, are lost no more than good ones."""
    resource = deepcopy(data.draw(st.sampled_from(WHOLE)))
    shape = SHAPES[resource["resourceType"]]
    names = [element.name for element in shape.elements]
    donors = [one for one in WHOLE if one["resourceType"] == resource["resourceType"]]
    for name in data.draw(st.lists(st.sampled_from([*names, "other", "_status"]), max_size=4)):
        others = [one[name] for one in donors if name in one]
        match data.draw(st.sampled_from(["drop", "take", "odd"])):
            case "drop":
                resource.pop(name, None)
            case "take" if others:
                resource[name] = data.draw(st.sampled_from(others))
            case "odd":
                resource[name] = data.draw(st.sampled_from(ODD))
    try:
        row = shapes.read(shape, resource)
    except Mistake:
        return

    assert values.same(shapes.write(shape, row, row["extra"]), resource)


def change(tree_name: str, **fields: Any) -> dict[str, Any]:
    """Return what the resource of an entry looks like after fields of its row were changed."""
    resource = next(one for one in listed(bundles.english()) if one["id"] == bundles.uid(tree_name))
    shape = SHAPES[resource["resourceType"]]
    row = shapes.read(shape, resource)
    return shapes.write(shape, row | fields, row["extra"])


def test_a_corrected_field_is_written_anew_and_the_rest_is_kept() -> None:
    moment = shapes.read(
        SHAPES["Condition"], {"resourceType": "Condition", "onsetDateTime": "2011-07-01"}
    )
    corrected = change("problem", onset_at=moment["onset_at"])

    assert corrected["onsetDateTime"] == "2011-07-01T00:00:00+00:00"
    assert corrected["recordedDate"] == "2021-03-04T10:00:00+01:00"


def test_a_cleared_field_is_gone_from_the_resource() -> None:
    assert "onsetDateTime" not in change("problem", onset_at=None)
    assert "criticality" not in change("allergy", criticality=None)


def test_a_renamed_concept_does_not_keep_the_code_of_the_old_name() -> None:
    assert change("problem", code_text="Gout")["code"] == {"text": "Gout"}
    assert "medicationReference" not in change("drug2", code_text="Ibuprofen")
    assert change("drug2", code_text="Ibuprofen")["medicationCodeableConcept"] == {
        "text": "Ibuprofen"
    }


def test_a_corrected_value_is_written_with_its_digits() -> None:
    corrected = change("weight", value_number=values.decimal_of(71.50), value_text="71.5 kg")

    assert corrected["valueQuantity"]["value"] == 71.5
    assert corrected["valueQuantity"]["code"] == "kg"


@pytest.mark.parametrize(
    ("kind", "element", "value"),
    [
        ("Patient", "gender", "weiblich"),
        ("Patient", "gender", ""),
        ("Patient", "birthDate", "2020-13-45"),
        ("Patient", "birthDate", "2190-01-01"),
        ("Patient", "birthDate", 1961),
        ("Patient", "name", {"family": "x"}),
        ("Patient", "name", ["x"]),
        ("Patient", "deceasedBoolean", "no"),
        ("Condition", "onsetDateTime", "soon"),
        ("Condition", "onsetAge", {"value": -3, "unit": "a"}),
        ("Condition", "code", "38341003"),
        ("Condition", "code", {"coding": {"code": "x"}}),
        ("Encounter", "status", "done"),
        ("Encounter", "period", {"start": "04.03.2021"}),
        ("Observation", "valueQuantity", {"value": "71"}),
        ("Observation", "valueString", None),
        ("Claim", "total", {"value": True}),
    ],
)
def test_a_wrong_element_is_named_without_its_value(kind: str, element: str, value: Any) -> None:
    with pytest.raises(Mistake) as mistake:
        shapes.read(SHAPES[kind], {"resourceType": kind, element: value})

    assert mistake.value.path.startswith(element)
    assert "04.03" not in mistake.value.reason


def test_death_before_birth_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="before the birth"):
        shapes.read(
            SHAPES["Patient"],
            {
                "resourceType": "Patient",
                "birthDate": "1961-04-17",
                "deceasedDateTime": "1961-04-16",
            },
        )


def test_cards_say_what_lists_show() -> None:
    by_id = {one["id"]: one for one in listed(bundles.english())}

    def row(name: str) -> dict[str, Any]:
        resource = by_id[bundles.uid(name)]
        return shapes.read(SHAPES[resource["resourceType"]], resource)

    assert row("pressure")["value_text"] == "121.0/80.0 mm[Hg]"
    assert row("crp")["value_text"] == "<0.004 mg/L"
    assert row("weight")["value_text"] == "71 kg"
    assert row("smoker")["value_text"] == "Never smoker"
    assert row("yes")["value_text"] == "true"
    assert row("problem")["code_text"] == "Hypertension"
    assert row("bill")["currency"] == "USD"
    assert row("cover")["payer_text"] == "Ashby Mutual"
    assert row("anna")["deceased"] is True
    assert row("anna")["record_number"] == "A-anna-0815"
    assert row("anna")["language"] == "en"


def test_small_numbers_are_not_rounded_to_nothing() -> None:
    assert values.quantity_text({"value": 0.0051234, "unit": "mg"}) == "0.00512 mg"
    assert values.quantity_text({"value": 163.33552412409668, "unit": "cm"}) == "163.34 cm"
    assert values.quantity_text({"value": 97.6, "unit": "{score}"}) == "97.6 score"
    assert values.quantity_text({"value": 97, "unit": "mL/min/{1.73_m2}"}) == "97 mL/min/{1.73_m2}"
