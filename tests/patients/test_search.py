"""Search: by names in any order and script, phone ends and numbers; only whom one may know of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from patients.models import Patient, PatientIndex
from patients.queries import matching, search
from patients.queries.matching import Found
from security.sealing.index import TOKENS
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]

OUYANG = {
    "names": [
        {"use": "official", "text": "欧阳娜娜", "family": "欧阳", "given": ["娜娜"]},
        {"use": "usual", "family": "Ånström-O’Neil", "given": ["Zoë", "Marie"]},
    ],
    "record_number": "AH-100001",
    "identifiers": [{"system": "urn:id", "value": "110101 19900307 123x"}],
    "telecoms": [
        {"system": "phone", "value": "+86 138 0013 8000"},
        {"system": "phone", "value": "021 5555 0199", "use": "old"},
    ],
}
FOUND = [
    "欧阳娜娜", "欧阳", "娜", "阳娜", "欧阳 娜娜", "娜娜 欧阳", "娜娜欧阳", "欧阳·娜娜",
    "ouyang", "Ouyang Nana", "nana ouyang", "ou yang na na", "ouyangnana", "nanaouyang", "oy", "oynn", "nnoy",
    "OUYANG", "ＯＵＹＡＮＧ", "o\u200buyang", "\u202eouyang", "ouyang  \t nana",
    "Ånström", "anstrom", "ANSTROM ZOE", "zoe anstrom", "zoë", "Zoe\u0308", "oneil", "O'Neil", "marie oneil",
    "欧阳 zoe", "zoe 欧阳", "ouyang 8000", "欧阳 13800138000",
    "8000", "138000", "13800138000", "138 0013 8000", "+86 138-0013-8000", "0086 138 0013 8000", "８０００",
    "AH-100001", "ah100001", "AH 100001",
    "11010119900307123X", "110101-19900307-123x", "urn:id|11010119900307123X",
]  # fmt: skip
NOT_FOUND = [
    "欧阳修", "欧娜", "ouyangxiu", "nanb", "yangou", "zo anstram", "oneill", "anstromm",
    "8001", "138001", "23800138000", "0199", "02155550199", "ouyang 8001", "ouyang 12",
    "AH-10000", "AH-1000011", "11010119900307123", "urn:other|11010119900307123X",
]  # fmt: skip
HOSTILE = [
    "%", "_", "%%%%", "a%", "' OR 1=1 --", "\"; DROP TABLE patients_patient; --", "\\", "\\u0000", "*", ".*",
    "(?:)", "[a-z]+", "((((", "\x00", "a\x00b", "\ud800", "\U0001f600", "👩‍👩‍👧", "\u200b", "\u202e", "\ufeff",
    "   ", "\t\n\r", "　", "a" * 80, "欧" * 80, "1" * 80, "9" * 16, "+", "+" * 40, "++86", "-", "()", "|", "||",
    "urn:|", "|x1", "<script>alert(1)</script>", "{{7*7}}", "${x}", "../../etc/passwd", "İ", "ß", "ﬁ", "ſ",
    "مريم", "אבג", "Иван", "こんにちは", "한국", "ก", "१२३४", "٠١٢٣", "𝟙𝟚𝟛𝟜", "①②③④", "½", "Ⅷ", "㊀", "龘", "𠮷",
    "x\u0301\u0301\u0301\u0301", "a b c d e f g h i j", "1 2 3 4", "a1", "1a", "a-1", "null", "None", "true",
]  # fmt: skip


def found(user, typed, **options):
    with cast.acting(user, **options):
        return search.find(user, typed)


def names(answer):
    return [row.get("name") for row in answer["hits"]]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def ouyang():
    return cast.patient(**OUYANG)


def test_a_patient_is_found_by_everything_that_is_said_of_her(desk, ouyang):
    cast.patient(given="Else")
    url = reverse("patients:patient", args=[ouyang.pk])
    wrong = [
        typed for typed in FOUND if [row["url"] for row in found(desk, typed)["hits"]] != [url]
    ]
    assert not wrong


def test_a_patient_is_not_found_by_what_is_nearly_so(desk, ouyang):
    wrong = [typed for typed in NOT_FOUND if found(desk, typed)["hits"]]
    assert not wrong


@pytest.mark.parametrize(
    ("family", "given", "typed"),
    [
        ("Иванова", "Мария", "иван"), ("Иванова", "Мария", "мария иванова"), ("عبد الله", "مريم", "مري"),
        ("Παπαδόπουλος", "Νίκος", "παπαδοπ"), ("김", "민지", "민지"), ("כהן", "דוד", "כהן"), ("さとう", "はな", "さと"),
    ],
)  # fmt: skip
def test_a_name_is_found_in_every_alphabet(desk, family, given, typed):
    cast.patient(family, given)
    cast.patient("Другая", "김")
    assert len(found(desk, typed)["hits"]) == 1


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_that_is_typed_is_an_error(desk, ouyang, typed):
    answer = found(desk, typed)
    assert answer["state"] in {"none", "short", "nothing"}
    assert answer["hits"] == []


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("", "none"), (" \u200b\x00", "none"), ("a", "short"), ("1", "short"), ("123", "short"),
        ("zz", "nothing"), ("1234", "nothing"), ("\U0001f600", "nothing"), ("龘", "nothing"),
    ],
)  # fmt: skip
def test_the_answer_says_whether_more_is_needed(desk, typed, state):
    assert found(desk, typed)["state"] == state


def test_a_person_is_found_by_what_the_label_says(desk, ouyang):
    labels = {
        typed: str(found(desk, typed)["query_kind"]) for typed in ("ouyang", "8000", "AH-100001")
    }
    assert labels == {
        "ouyang": "by name", "8000": "by phone number", "AH-100001": "by record number",
    }  # fmt: skip
    assert str(found(desk, "11010119900307123X")["query_kind"]) == "by ID or insurance number"


def test_whom_one_may_not_know_of_is_not_there(ouyang):
    doctor, stranger = cast.staff("physician"), cast.staff("physician")
    cast.care(doctor, ouyang)
    for typed in ("ouyang", "8000", "AH-100001", "欧阳娜娜"):
        assert len(found(doctor, typed)["hits"]) == 1
        assert found(stranger, typed) == found(stranger, typed.replace("0", "9") + "zz") | {
            "state": "nothing"
        }
    assert found(cast.staff("administrator"), "ouyang")["state"] == "nothing"


def test_who_sees_names_masked_can_not_spell_them_out(ouyang):
    officer = cast.staff("compliance_officer")
    for typed in ("ou", "ouyang", "oy", "欧阳", "娜娜", "zoe", "138000"):
        assert found(officer, typed)["hits"] == []
    for typed in ("欧阳娜娜", "ouyangnana", "nana ouyang", "AH-100001", "13800138000", "8000"):
        (row,) = found(officer, typed)["hits"]
        assert row["masked"]
        assert "欧阳" not in str(row)


def test_numbers_of_others_are_compared_only_by_who_may_know_them(ouyang):
    doctor = cast.staff("physician")
    cast.care(doctor, ouyang)
    consenting.allow(ouyang)
    number = "11010119900307123X"
    assert len(found(doctor, number)["hits"]) == 1
    assert found(cast.staff("engagement"), number)["hits"] == []
    assert len(found(cast.staff("engagement"), "AH-100001")["hits"]) == 1


def test_a_confidential_chart_is_found_and_stays_locked(desk):
    cast.patient(confidentiality="employee")
    (row,) = found(desk, "muster")["hits"]
    assert (row["locked"], row["masked"], row["name"]) == (True, True, "M. M.")


def test_the_latest_active_come_first_and_there_may_be_more(desk):
    cast.patients(26)
    answer = found(desk, "must")
    assert (len(answer["hits"]), answer["more"]) == (25, True)
    assert names(answer)[:2] == ["Nr000 Muster", "Nr001 Muster"]
    assert names(answer)[-1] == "Nr024 Muster"
    assert not found(desk, "nr001")["more"]


def test_what_the_index_proposes_wrongly_is_not_shown_and_made_up_for(desk):
    """A token row that lies: every one of thirty claims the grams of one real name."""
    wrong, right = cast.patients(30, "Anders"), cast.patient("Muster", "Mia", days_ago=40)
    true = PatientIndex.objects.get(row=right, kind=TOKENS).tokens
    PatientIndex.objects.filter(row__in=wrong, kind=TOKENS).update(tokens=true)
    with CaptureQueriesContext(connection) as made:
        answer = found(desk, "mia muster")
    assert names(answer) == ["Mia Muster"]
    assert len(made) < 20


def test_what_is_opened_only_to_compare_is_no_read(desk):
    wrong, right = cast.patients(3, "Anders"), cast.patient("Muster", "Mia")
    true = PatientIndex.objects.get(row=right, kind=TOKENS).tokens
    PatientIndex.objects.filter(row__in=wrong, kind=TOKENS).update(tokens=true)
    with cast.acting(desk) as here:
        search.find(desk, "muster")
        assert set(here.reads) == {right.pk}
        assert here.reads[right.pk] >= {"patients.patient.names"}


def test_a_search_is_an_event_without_what_was_typed(desk, ouyang):
    client = cast.browser(desk)
    for typed in ("ouyang", "8000", "nobody"):
        client.post(reverse("crm:search"), {"q": typed})
    made = cast.events("patients.search.made")
    assert [(one.fields, one.counts) for one in made] == [
        (["name"], {"hits": 1}), (["phone"], {"hits": 1}), (["name"], {"hits": 0}),
    ]  # fmt: skip
    assert all(one.subjects == [] for one in made)
    everything = str(list(Event.objects.values()))
    assert "ouyang" not in everything
    assert "nobody" not in everything
    reads = [one for one in cast.events("security.record.read") if ouyang.pk in one.subjects]
    assert len(reads) == 2


@pytest.mark.parametrize("role", ["receptionist", "physician", "compliance_officer"])
@pytest.mark.parametrize("typed", ["muster", "R-0000"])
def test_the_number_of_queries_does_not_grow_with_the_hits(role, typed):
    reader, few, many = cast.staff(role), cast.patients(1, "Musterov"), cast.patients(24)
    if role == "physician":
        cast.care(reader, *few, *many)
    counts = []
    for words in (typed + "ov", typed):
        with CaptureQueriesContext(connection) as made:
            found(reader, words)
        counts.append(len(made))
    # One more asks whether anything of anybody is closed by law.
    assert max(counts) <= 13
    assert abs(counts[0] - counts[1]) <= 3


def test_a_hit_with_a_broken_seal_is_shown_as_unavailable(desk, ouyang):
    cast.break_seal(ouyang)
    (row,) = found(desk, "ouyang")["hits"]
    assert row["broken"]
    assert "name" not in row
    assert found(cast.staff("engagement"), "欧阳娜娜")["hits"] == []


def test_search_answers_a_fragment_or_a_page_and_nothing_by_address(desk, ouyang):
    client = cast.browser(desk)
    fragment = client.post(reverse("crm:search"), {"q": "ouyang"}, headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    assert ouyang.record_number in cast.words(fragment)
    page = client.post(reverse("crm:search"), {"q": "ouyang"})
    assert b"<html" in page.content
    assert ouyang.record_number in cast.words(page)
    assert ouyang.record_number not in cast.words(client.get(reverse("crm:search") + "?q=ouyang"))


def test_what_was_typed_comes_back_as_text(desk):
    typed = '"><script>alert(1)</script>'
    page = cast.browser(desk).post(reverse("crm:search"), {"q": typed})
    assert b"<script>alert" not in page.content


@pytest.mark.parametrize(
    ("typed", "by"),
    [
        ("mia", Found.NAME),
        ("mia muster", Found.NAME),
        ("R-7", Found.RECORD_NUMBER),
        ("mu mi", Found.NAME),
    ],
)
def test_a_match_names_the_field_it_was_found_by(typed, by):
    row = cast.patient(record_number="R-7")
    assert matching.found_by(row, matching.read(typed)) is by


def test_the_index_follows_the_latest_activity(desk):
    old = cast.patient(given="Ida", days_ago=9)
    cast.patient(given="Ada")
    assert names(found(desk, "muster")) == ["Ada Muster", "Ida Muster"]
    Patient.objects.filter(pk=old.pk).update(last_activity_at=timezone.now() + timedelta(hours=1))
    assert names(found(desk, "muster")) == ["Ida Muster", "Ada Muster"]
    rows = PatientIndex.objects.filter(kind=TOKENS).select_related("row")
    assert {row.last_activity_at == row.row.last_activity_at for row in rows} == {True}
