"""Names are shown in the order of their script, masked to what tells nobody, and found both ways."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from patients import names

HAN = {"use": "official", "family": "欧阳", "given": ["小明"]}
LATIN = {"use": "usual", "family": "Ouyang", "given": ["Xiaoming"]}
ANNA = {"use": "official", "family": "Winterbottom", "given": ["Anna", "Maud"], "prefix": ["Ms."]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (ANNA, "Anna Maud Winterbottom"),
        (HAN, "欧阳小明"),
        ({"family": "张", "given": ["小", "明"]}, "张小明"),
        ({"text": "张 伟"}, "张 伟"),
        ({"family": "Doe"}, "Doe"),
        ({"given": ["Cher"]}, "Cher"),
        ({"text": "Dr.  Iris   Brook", "family": "B"}, "Dr. Iris Brook"),
        ({"family": "김", "given": ["철수"]}, "김철수"),
        ({}, ""),
        ({"family": 7, "given": "Anna"}, "Anna"),
    ],
)
def test_a_name_is_shown_in_the_order_of_its_script(name: Any, shown: str) -> None:
    assert names.full(name) == shown
    assert names.display([name]) == shown


def test_the_reader_s_script_is_shown_where_there_is_a_choice() -> None:
    with translation.override("en"):
        assert names.display([HAN, LATIN]) == "Xiaoming Ouyang"
        assert names.in_other_script([HAN, LATIN]) == "欧阳小明"
    with translation.override("zh-hans"):
        assert names.display([LATIN, HAN]) == "欧阳小明"
        assert names.in_other_script([LATIN, HAN]) == "Xiaoming Ouyang"
    assert names.in_other_script([ANNA]) == ""


def test_an_old_name_is_found_but_not_shown() -> None:
    maiden = {"use": "maiden", "family": "Frost", "given": ["Anna"]}

    assert names.display([maiden, ANNA]) == "Anna Maud Winterbottom"
    assert "Anna Frost" in names.search_texts([maiden, ANNA])


def test_names_are_searched_in_both_orders() -> None:
    assert names.search_texts([ANNA]) == ["Anna Maud Winterbottom", "Winterbottom Anna Maud"]
    assert names.search_texts([HAN]) == ["欧阳小明", "小明欧阳"]


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [None], [[1]], [{"family": 1, "given": 2}]])
def test_odd_values_name_nobody(odd: Any) -> None:
    assert names.display(odd) == ""
    assert names.search_texts(odd) == []
    assert names.phone_numbers(odd) == []
    assert names.identifier_texts(odd) == []


def test_masks_tell_nobody() -> None:
    assert names.masked_name([{"family": "张", "given": ["小明"]}]) == "张**"
    assert names.masked_name([{"family": "Doe", "given": ["Jane"]}]) == "J. D."
    assert names.masked_name([]) == "**"
    assert names.masked_phone("139 1234 5678") == "*** **** 5678"
    assert names.masked_phone("5678") == "*** ****"
    assert names.masked_identifier("11010519491231002X") == "**** 002X"
    assert names.masked_identifier("1234567") == "****"
    assert names.masked_birth(date(1949, 12, 31)) == "1949"
    assert names.masked_phone(None) == names.masked_phone("")


def test_phones_and_identifiers_are_told_from_other_contacts() -> None:
    telecoms = [
        {"system": "phone", "value": "139 1234 5678"},
        {"system": "email", "value": "anna8@house.example"},
        {"system": "phone", "use": "old", "value": "1"},
    ]

    assert names.phone_numbers(telecoms) == ["139 1234 5678"]
    assert names.identifier_texts([{"system": "s", "value": "A-1"}, {"value": "A-1"}, {}]) == [
        "A-1",
        "s|A-1",
    ]


@pytest.mark.parametrize(
    ("born", "precision", "shown"),
    [
        (date(1961, 4, 17), "day", "59"),
        (date(1961, 4, 16), "day", "60"),
        (date(1961, 1, 1), "year", "about 60"),
        (date(2020, 2, 29), "day", "13 months"),
        (date(2021, 3, 17), "day", "30 days"),
        (date(2021, 4, 16), "day", "0 days"),
        (None, "day", ""),
    ],
)
def test_an_age_is_told_as_people_tell_it(born: date | None, precision: str, shown: str) -> None:
    assert names.age_text(born, precision, on=date(2021, 4, 16)) == shown


def test_a_birthday_on_a_leap_day_comes_with_march() -> None:
    born = date(2000, 2, 29)

    assert names.age(born, on=date(2021, 2, 28)) == 20
    assert names.age(born, on=date(2021, 3, 1)) == 21
