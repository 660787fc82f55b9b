"""Blind indexes: who is found by what, and what the index gives away."""

import pytest

from patients.models import Patient, PatientIndex
from security.sealing import index, normalise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def people():
    rows = {
        "zoe": Patient(names=[{"family": "Ånström", "given": ["Zoë"]}], telecoms=[{"system": "phone", "value": "+86 138 0013 8000"}]),
        "nana": Patient(names=[{"text": "欧阳娜娜"}], identifiers=[{"system": "urn:mrn", "value": "a-12 34"}]),
        "shan": Patient(names=[{"family": "单", "given": ["雄信"]}]),
        "lu": Patient(names=[{"family": "吕", "given": ["布"]}]),
        "oneil": Patient(names=[{"family": "O’Neil-Smith", "given": ["Jean", "Luc"]}]),
    }  # fmt: skip
    Patient.objects.bulk_create(rows.values())
    index.rebuild(list(rows.values()), PatientIndex)
    return {row.pk: name for name, row in rows.items()}


def found(people, query):
    return {
        people[one] for one in index.ids(index.find_tokens(PatientIndex, index.query_grams(query)))
    }


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("an", {"zoe"}),
        ("ANSTRÖM", {"zoe"}),
        ("anstrom zo", {"zoe"}),
        ("zoe ANSTR", {"zoe"}),
        ("ａｎｓｔ", {"zoe"}),
        ("an\u200bst", {"zoe"}),
        ("欧阳", {"nana"}),
        ("娜娜", {"nana"}),
        ("欧 阳 娜娜", {"nana"}),
        ("ouyang", {"nana"}),
        ("OuYangNaNa", {"nana"}),
        ("oynn", {"nana"}),
        ("nana", {"nana"}),
        ("shan", {"shan"}),
        ("shanxiongxin", {"shan"}),
        ("lv", {"lu"}),
        ("lubu", {"lu"}),
        ("吕", {"lu"}),
        ("oneil", {"oneil"}),
        ("o'neil", {"oneil"}),
        ("smith jean", {"oneil"}),
        ("smith zoe", set()),
        ("x", set()),
        ("", set()),
        ("%", set()),
    ],
)
def test_names_are_found_in_every_script_and_order(people, query, hits):
    assert found(people, query) == hits


def test_a_phone_is_found_by_its_tail_and_by_any_way_to_write_it(people):
    def tail(text):
        gram = index.tail_gram(text)
        return {
            people[one]
            for one in index.ids(index.find_tokens(PatientIndex, [gram] if gram else []))
        }

    assert tail("8000") == {"zoe"}
    assert tail("０１３８０００") == {"zoe"}
    assert tail("1380") == set()
    assert tail("800") == set()
    for written in (
        "13800138000",
        "+8613800138000",
        "0086 138 0013 8000",
        "１３８００１３８０００",
    ):
        hits = index.ids(index.find_exact(PatientIndex, "phone", written))
        assert {people[one] for one in hits} == {"zoe"}


def test_an_identifier_is_found_however_it_is_spaced_and_never_in_part(people):
    def exact(text):
        return {
            people[one] for one in index.ids(index.find_exact(PatientIndex, "identifier", text))
        }

    assert exact("A1234") == exact("a-12 34") == exact("urn:mrn|A 1234") == {"nana"}
    assert exact("A123") == exact("urn:other|A1234") == set()


def test_the_table_holds_no_readable_text(people):
    dump = repr(list(PatientIndex.objects.values()))
    for canary in ("nstr", "欧", "13800138", "a1234", "ouyang"):
        assert canary not in dump.lower()


def test_an_empty_search_finds_nobody_rather_than_everybody(people):
    assert index.ids(index.find_tokens(PatientIndex, [])) == []


def test_look_alike_addresses_stay_different():
    assert normalise.email("Mike@Example.org") == normalise.email("mike@example.org")
    for other in ("mıke@example.org", "ｍike@example.org", "mike@exampſe.org"):
        assert normalise.email(other) != normalise.email("mike@example.org")


def test_exact_hashes_differ_by_kind():
    assert index.exact_hash("identifier", "1") != index.exact_hash("patients.source", "1")
    assert len(index.exact_hash("identifier", "1")) == 16
