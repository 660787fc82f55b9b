from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from crm.demo import histories
from crm.demo.almanac import Almanac
from crm.demo.courses.catalogue import COURSES
from crm.demo.people import Person
from crm.demo.roster import PEOPLE
from crm.demo.vocabulary.allergens import ALLERGENS

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)
# A leap day, both ends of a year, a Sunday in summer.
DAYS = (TODAY, date(2028, 2, 29), date(2027, 1, 1), date(2026, 12, 31), date(2027, 6, 13))
MOMENTS = (
    "effectiveDateTime", "issued", "recordedDate", "authoredOn", "occurrenceDateTime", "created",
)  # fmt: skip
PERIODS = ("period", "performedPeriod", "billablePeriod")
Resource = dict[str, Any]


@cache
def world(today: date = TODAY) -> tuple[tuple[Person, Resource], ...]:
    return tuple(histories.bundles(today, ZONE))


def resources(bundle: Resource, kind: str = "") -> list[Resource]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if not kind or one["resourceType"] == kind]


def of(key: str) -> tuple[Person, Resource]:
    return next((person, bundle) for person, bundle in world() if person.key == key)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [ref for part in value.values() for ref in references(part)]
    return [ref for part in value for ref in references(part)] if isinstance(value, list) else []


def moments(resource: Resource) -> list[datetime]:
    found = [resource[name] for name in MOMENTS if name in resource]
    if resource["resourceType"] not in ("Coverage", "CarePlan"):
        found += [text for name in PERIODS for text in resource.get(name, {}).values()]
    return [datetime.fromisoformat(text) for text in found]


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_the_same_day_gives_the_same_people_to_the_last_letter():
    again = tuple(histories.bundles(TODAY, ZONE))

    assert json.dumps(again[0][1]) == json.dumps(world()[0][1])
    assert [bundle for _, bundle in again] == [bundle for _, bundle in world()]


def test_another_day_gives_the_same_people_with_the_same_identities():
    later = tuple(histories.bundles(TODAY + timedelta(days=30), ZONE))

    for (_, before), (_, after) in zip(world(), later, strict=True):
        one, other = resources(before, "Patient")[0], resources(after, "Patient")[0]
        assert one["id"] == other["id"]
        assert one["name"] == other["name"]


def test_there_are_sixty_patients_half_of_them_with_a_chinese_name():
    assert len(PEOPLE) == len(world()) == 60
    assert len({person.key for person in PEOPLE}) == 60
    assert len([person for person in PEOPLE if person.pinyin]) == 32


def test_the_people_who_make_a_demo_worth_it_are_there():
    names = Counter(person.han for person in PEOPLE if person.han)
    families = {person.han[0] for person in PEOPLE if person.han}

    assert {"欧阳", "司马", "诸葛", "尉迟", "长孙"} <= families
    assert {"单", "曾", "解", "仇", "查", "乐", "朴"} <= families
    assert names["王", "伟"] == 2
    assert any(person.han and len(person.han[1]) == 1 for person in PEOPLE)
    assert len([person for person in PEOPLE if person.han and person.latin]) >= 6
    assert [person.key for person in PEOPLE if person.died_days_ago] == ["zhou-dehai"]
    assert max(person.age for person in PEOPLE) == 97
    assert Counter(person.confidentiality for person in PEOPLE) == {
        "normal": 58, "vip": 1, "employee": 1,
    }  # fmt: skip
    assert len([person for person in PEOPLE if person.doctor == "luo"]) == 5
    assert max(len(person.allergies) for person in PEOPLE) == 10
    assert max(len(" ".join(person.latin)) for person in PEOPLE if person.latin) > 60


@pytest.mark.parametrize("today", DAYS)
def test_ages_are_what_the_roster_says_on_any_day(today):
    almanac = Almanac(today, ZONE)
    for person in PEOPLE:
        born = person.birth_on(almanac)
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        assert years == person.age, person.key
        if person.months:
            assert 0 <= person.months_at(almanac, today) - person.months < 0.5


@pytest.mark.parametrize("today", DAYS)
def test_what_happened_lies_in_the_last_year_and_within_a_life(today):
    for person, bundle in world(today):
        born = date.fromisoformat(resources(bundle, "Patient")[0]["birthDate"])
        ends = today - timedelta(days=person.died_days_ago)
        for resource in resources(bundle):
            for moment in moments(resource):
                assert today - timedelta(days=366) <= moment.date() <= ends, person.key
                assert moment.date() >= born, person.key
                assert moment.weekday() != 6 or resource["resourceType"] == "Encounter"
            onset = resource.get("onsetDateTime")
            assert onset is None or born <= date.fromisoformat(onset) <= today, person.key


def test_every_reference_resolves_inside_its_bundle():
    for _, bundle in world():
        urls = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(set(urls)) == len(urls)
        assert set(references(bundle)) <= set(urls)


def test_bundles_are_transactions_with_one_patient_whose_all_of_it_is():
    for _, bundle in world():
        patient = resources(bundle, "Patient")
        assert bundle["type"] == "transaction"
        assert len(patient) == 1
        for entry in bundle["entry"]:
            resource = entry["resource"]
            assert entry["request"] == {"method": "POST", "url": resource["resourceType"]}
            assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
            about = (
                resource.get("subject") or resource.get("patient") or resource.get("beneficiary")
            )
            if about:
                assert about["reference"] == f"urn:uuid:{patient[0]['id']}"


def test_identities_of_items_are_never_shared_between_patients():
    shared = ("Organization", "Practitioner")
    ids = [
        resource["id"]
        for _, bundle in world()
        for resource in resources(bundle)
        if resource["resourceType"] not in shared
    ]
    assert len(set(ids)) == len(ids)


def test_every_listed_type_occurs_and_everybody_has_a_history():
    kinds = Counter(one["resourceType"] for _, bundle in world() for one in resources(bundle))
    for kind in (
        "Encounter", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation",
        "Immunization", "Procedure", "CarePlan", "DiagnosticReport", "Claim", "Coverage", "Goal",
    ):  # fmt: skip
        assert kinds[kind] > 10, kind
    for person, bundle in world():
        assert len(resources(bundle, "Encounter")) >= 2, person.key
        assert len(resources(bundle, "Claim")) == len(resources(bundle, "Encounter"))


def test_words_stand_in_both_languages():
    for _, bundle in world():
        for kind in ("Condition", "Observation", "Procedure", "AllergyIntolerance"):
            for resource in resources(bundle, kind):
                assert re.search(r"[A-Za-z].* · .*[\u4e00-\u9fff]", resource["code"]["text"])


def test_nobody_is_given_what_the_person_cannot_bear():
    for person, bundle in world():
        barred = tuple(code for name in person.allergies for code in ALLERGENS[name].atc)
        for order in resources(bundle, "MedicationRequest"):
            code = order["medicationCodeableConcept"]["coding"][0]["code"]
            assert not code.startswith(barred), (person.key, code)


def test_nobody_has_the_same_illness_twice():
    for person, bundle in world():
        names = [condition["code"]["text"] for condition in resources(bundle, "Condition")]
        assert len(set(names)) == len(names), person.key


def test_no_medicine_is_taken_twice():
    for person, bundle in world():
        names = [
            order["medicationCodeableConcept"]["text"]
            for order in resources(bundle, "MedicationRequest")
            if order["status"] == "active"
        ]
        assert len(set(names)) == len(names), person.key


def test_illnesses_suit_sex_and_age():
    for person in PEOPLE:
        for name in person.courses:
            if name.startswith(("pregnant", "gestational")):
                assert person.sex == "female"
                assert 20 <= person.age <= 42
            if name == "prostate":
                assert person.sex == "male"
                assert person.age > 50
            if name in ("bones", "knees", "parkinson", "memory", "fibrillation", "failure"):
                assert person.age >= 55
            if not person.grown:
                assert name in ("asthma_child", "eczema", "rhinitis", "diabetes_1")
    assert {name for person in PEOPLE for name in person.courses} <= COURSES.keys()


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [
        ("8867-4", 45, 175), ("29463-7", 3, 130), ("8302-2", 45, 195), ("39156-5", 18, 35),
        ("4548-4", 4, 11), ("718-7", 85, 180), ("98979-8", 25, 150), ("59408-5", 85, 100),
        ("8310-5", 35.8, 39.5), ("22748-8", 1, 5.5), ("72106-8", 15, 30), ("44261-6", 0, 27),
    ],
)  # fmt: skip
def test_values_are_those_of_living_people(code, low, high):
    values = [
        observation["valueQuantity"]["value"]
        for _, bundle in world()
        for observation in resources(bundle, "Observation")
        if observation["code"]["coding"][0]["code"] == code
    ]
    assert values
    assert low <= min(values) <= max(values) <= high


def test_treatment_shows_in_the_trend():
    _, bundle = of("ouyang-xuemei")
    found = [
        (observation["effectiveDateTime"], observation["valueQuantity"]["value"])
        for observation in resources(bundle, "Observation")
        if observation["code"]["coding"][0]["code"] == "4548-4"
    ]
    values = [value for _, value in sorted(found)]
    assert len(values) == 4
    assert values[0] - values[-1] > 0.8


def test_children_grow_and_never_shrink():
    for person, bundle in world():
        if person.grown:
            continue
        found = sorted(
            (observation["effectiveDateTime"], observation["valueQuantity"]["value"])
            for observation in resources(bundle, "Observation")
            if observation["code"]["coding"][0]["code"] == "8302-2"
        )
        heights = [height for _, height in found]
        assert heights == sorted(heights), person.key
        assert heights, person.key


def test_the_dead_have_no_open_orders():
    _, bundle = of("zhou-dehai")
    assert resources(bundle, "Patient")[0]["deceasedDateTime"]
    assert {one["status"] for one in resources(bundle, "MedicationRequest")} <= {
        "stopped",
        "completed",
    }


def test_a_restricted_illness_is_named_on_restricted_items_alone():
    for key, words in (
        ("guo-kaiwen", ("HIV", "immunodeficiency", "tegravir", "CD4")),
        ("piao-minxiu", ("epressi", "ertraline", "PHQ", "抑郁")),
    ):
        _, bundle = of(key)
        labelled = [one for one in resources(bundle) if "security" in one["meta"]]
        assert {one["resourceType"] for one in labelled} >= {"Condition", "MedicationRequest"}
        for resource in resources(bundle):
            if resource not in labelled:
                told = " ".join(texts(resource))
                assert not [word for word in words if word in told], resource["resourceType"]


def test_charts_of_the_prominent_and_of_colleagues_carry_their_label():
    codes = {
        person.key: [
            label["code"] for label in resources(bundle, "Patient")[0]["meta"].get("security", [])
        ]
        for person, bundle in world()
    }
    assert codes.pop("lan-xinyi") == ["CEL", "R"]
    assert codes.pop("xu-xiaotong") == ["EMP", "R"]
    assert not any(codes.values())


def test_addresses_and_telephones_are_of_ranges_kept_for_fiction():
    seen = set()
    for person, bundle in world():
        for contact in resources(bundle, "Patient")[0]["telecom"]:
            if contact["system"] == "email":
                assert contact["value"].endswith("@example.org")
                continue
            number = phonenumbers.parse(contact["value"])
            drama = re.fullmatch(r"\+44 7700 900\d{3}|\+1 617 555 01\d\d", contact["value"])
            assert drama or not phonenumbers.is_valid_number(number), person.key
            assert contact["value"] not in seen
            seen.add(contact["value"])


def test_identity_numbers_have_the_shape_and_no_region():
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    for person, bundle in world():
        patient = resources(bundle, "Patient")[0]
        paper = patient["identifier"][1]
        if person.origin != "CN":
            assert re.fullmatch(r"XX\d{8}", paper["value"])
            continue
        value = paper["value"]
        assert re.fullmatch(r"009900\d{11}[\dX]", value)
        assert value[6:14] == patient["birthDate"].replace("-", "")
        assert int(value[16]) % 2 == (person.sex == "male")
        total = sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))
        assert "10X98765432"[total % 11] == value[17]


def test_no_text_looks_like_a_real_address_number_or_host():
    for _, bundle in world():
        for text in texts(bundle):
            assert not re.search(r"@(?!example\.(org|com)\b|demo\.example\b)", text)
            assert not re.fullmatch(r"[1-9]\d{16}[\dXx]", text)
            host = re.match(r"https?://([^/]+)", text)
            assert not host or host[1] in {
                "clinic.demo.example", "hl7.org", "terminology.hl7.org", "snomed.info", "loinc.org",
                "www.whocc.no", "unitsofmeasure.org",
            }  # fmt: skip
