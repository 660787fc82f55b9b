"""Doubles are noticed while typing: by number, phone, or name and birth date in any script and order."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import demographics
from patients.models import Patient
from patients.queries import duplicates
from patients.queries.duplicates import Probe, Twin
from tests.patients import cast
from tests.patients.test_registration import FILLED, NEW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
BORN = date(1990, 1, 1)


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def person(family, given, **fields):
    name = demographics.stored(
        dict.fromkeys(FILLED, "") | {"family": family, "given": given, "birth_on": BORN}
    )["names"]
    return cast.patient(names=name, **{"birth_on": BORN, **fields})


def probe(family="", given="", birth_on=BORN, **fields):
    typed = dict.fromkeys(FILLED, "") | {"family": family, "given": given, "birth_on": birth_on}
    return Probe.of(demographics.stored(typed | fields))


def grounds(desk, asked):
    with cast.acting(desk):
        return [list(one.grounds) for one in duplicates.find(desk, asked)]


@pytest.mark.parametrize(
    ("there", "typed"),
    [
        (("王", "小明"), ("王", "小明")),
        (("王", "小明"), ("小明", "王")),
        (("王", "小明"), ("Wang", "Xiaoming")),
        (("王", "小明"), ("Xiaoming", "Wang")),
        (("王", "小明"), ("WANG", "xiao ming")),
        (("Wang", "Xiaoming"), ("王", "小明")),
        (("欧阳", "雪梅"), ("Ouyang", "Xuemei")),
        (("Ouyang", "Xuemei"), ("欧阳", "雪梅")),
        (("单", "伟"), ("Shan", "Wei")),
        (("吕", "布"), ("Lü", "Bu")),
        (("García", "José"), ("Garcia", "Jose")),
        (("Garcia", "Jose"), ("José", "García")),
        (("O'Neil", "Ann"), ("O’Neil", "Ann")),
        (("Muster", "Mia"), ("ｍｕｓｔｅｒ", "ＭＩＡ")),
    ],
)
def test_the_same_name_and_birth_date_is_found_however_written(desk, there, typed):
    person(*there)
    assert grounds(desk, probe(*typed)) == [[Twin.PERSON]]


@pytest.mark.parametrize(
    "asked",
    [
        {"family": "王", "given": "小明", "birth_on": date(1990, 1, 2)},
        {"family": "王", "given": "小明", "birth_on": None},
        {"family": "王", "given": "大明"},
        {"family": "汪", "given": "晓"},
        {},
    ],
)
def test_others_are_not_shown(desk, asked):
    person("王", "小明")
    assert grounds(desk, probe(**asked)) == []


def test_of_people_whose_birth_is_known_by_the_year_the_year_counts(desk):
    person("王", "小明", birth_on=date(1990, 1, 1), birth_precision="year")
    assert grounds(desk, probe("王", "小明", birth_on=date(1990, 7, 9))) == [[Twin.PERSON]]


def test_the_same_number_and_the_same_phone_are_found(desk):
    number = demographics.number_of("PPN", "XX 1234-567")
    telecoms = [{"system": "phone", "value": "138 0013 8000"}]
    cast.patient(identifiers=[number], telecoms=telecoms)
    cast.patient(telecoms=telecoms)
    by_number = probe(id_kind="PPN", id_number="xx1234567", birth_on=None)
    assert grounds(desk, by_number) == [[Twin.IDENTIFIER]]
    by_phone = probe(phone="+8613800138000", birth_on=None)
    assert grounds(desk, by_phone) == [[Twin.PHONE], [Twin.PHONE]]
    both = probe(id_kind="PPN", id_number="XX1234567", phone="+8613800138000", birth_on=None)
    assert grounds(desk, both) == [[Twin.IDENTIFIER, Twin.PHONE], [Twin.PHONE]]


def test_a_record_number_typed_as_a_document_is_found(desk):
    cast.patient(record_number="AH-100001")
    asked = probe(id_kind="HC", id_number="AH100001", birth_on=None)
    assert grounds(desk, asked) == [[Twin.IDENTIFIER]]


def test_how_many_are_found_costs_the_same_queries(desk):
    counts = []
    for number in (1, 10):
        while Patient.objects.count() < number:
            person("王", "小明")
        with (
            cast.acting(desk),
            CaptureQueriesContext(
                connection,
            ) as captured,
        ):
            assert len(duplicates.find(desk, probe("Wang", "Xiaoming"))) == min(number, 8)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def test_a_broken_seal_is_left_out_and_stops_nobody(desk):
    cast.break_seal(person("王", "小明"))
    person("王", "小明")
    assert grounds(desk, probe("王", "小明")) == [[Twin.PERSON]]


def test_nobody_finds_by_it_whom_the_role_does_not_reach():
    person("王", "小明", telecoms=[{"system": "phone", "value": "13800138000"}])
    for role in (
        "nurse",
        "physician",
        "engagement",
        "auditor",
        "compliance_officer",
        "administrator",
    ):
        asked = probe("王", "小明", phone="13800138000")
        assert grounds(cast.staff(role), asked) == [], role


def test_looking_is_an_event_with_counts_and_no_words(desk):
    person("王", "小明")
    grounds(desk, probe("王", "小明"))
    (event,) = cast.events("patients.duplicate.looked_for")
    assert (event.counts, event.fields, event.subjects) == ({"hits": 1}, ["person"], [])


# --- the page -------------------------------------------------------------------------------


def test_the_warning_comes_while_typing_and_names_the_ground(desk):
    person("王", "小明", record_number="AH-1")
    typed = {
        "family": "Wang",
        "given": "Xiaoming",
        "birth_on": "1990-01-01",
        "birth_precision": "day",
    }
    answer = cast.browser(desk).post(f"{NEW}doubles/", typed)
    assert answer.status_code == 200
    said = cast.words(answer)
    assert "1 record may be the same person" in said
    assert "same name and birth date" in said
    assert "AH-1" in said
    assert cast.browser(desk).get(f"{NEW}doubles/").status_code == 405


def test_what_is_half_typed_or_wrong_is_looked_at_as_far_as_it_is_right(desk):
    cast.patient(telecoms=[{"system": "phone", "value": "13800138000"}])
    typed = {"family": "\x00", "birth_on": "1990-13-99", "phone": "13800138000", "sex": "robot"}
    assert "same phone" in cast.words(cast.browser(desk).post(f"{NEW}doubles/", typed))
    assert cast.words(cast.browser(desk).post(f"{NEW}doubles/", {})) == ""


def test_a_vip_is_shown_masked_until_the_factor_is_fresh(desk):
    row = person("王", "小明", confidentiality="vip")
    typed = {"family": "王", "given": "小明", "birth_on": "1990-01-01", "birth_precision": "day"}
    client = cast.stale(cast.browser(desk))
    shown = client.post(f"{NEW}doubles/", typed).content.decode()
    assert "needs a fresh code" in shown
    assert "小明" not in shown
    assert str(row.pk) in shown


def test_who_is_here_already_is_registered_only_when_said_to_be_somebody_else(desk):
    person("王", "小明")
    client = cast.browser(desk)
    answer = client.post(NEW, FILLED)
    assert answer.status_code == 422
    assert "may be the same person" in cast.words(answer)
    assert Patient.objects.count() == 1
    assert client.post(NEW, FILLED | {"is_new": "on"}).status_code == 302
    assert Patient.objects.count() == 2
