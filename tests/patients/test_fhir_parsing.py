"""What is no JSON for a health record is refused with one sentence; what is, keeps every digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from patients.fhir import parsing, values
from patients.fhir.parsing import Unreadable

REFUSED = {
    b"": "empty",
    b" \n\t": "empty",
    b"\xef\xbb\xbf": "empty",
    b'{"a": 1': "cut off",
    b'{"a": "Wint': "cut off",
    b'{"a": [1, 2': "cut off",
    b'{"a": tru': "cut off",
    '{"a": "安'.encode()[:-1]: "cut off",
    b'{"a": 1,}': "broken in line 1",
    b"hello": "not JSON",
    b"\x00\x01\x02\x03": "not JSON",
    b"<Bundle/>": "XML",
    b'{"a": 1}\n{"a": 2}\n': "NDJSON",
    b'{"a": 1} and more': "follows its end",
    b'{"a": 1, "a": 2}': "twice",
    b'{"a": NaN}': "NaN",
    b'{"a": -Infinity}': "NaN",
    b'{"a": ' + b"9" * 5000 + b"}": "too long",
    b'{"a": 1e999}': "out of range",
    b'{"a": 1e-999}': "out of range",
    b'{"a": "\\u0000"}': "control character",
    b'{"a": [{"b": "x\\ud800y"}]}': "control character",
    b"[" * 100_000: "too deeply",
    b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}": "too deeply",
    b'{"a b": 1}': "FHIR has not",
    b'{"$number": "1"}': "FHIR has not",
    b'{"a": "\xe9"}': "UTF-8",
}


@pytest.mark.parametrize(("data", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_no_sound_json_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        parsing.parse(data)

    assert why in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_refusal_never_repeats_what_the_file_says() -> None:
    with pytest.raises(Unreadable) as refusal:
        parsing.parse(b'{"name": {"family": "Winterbottom\\u0001"}}')

    assert "name.family" in str(refusal.value)
    assert "Winterbottom" not in str(refusal.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_is_read_in_every_encoding_of_it(encoding: str) -> None:
    assert parsing.parse('{"name": "安护"}'.encode(encoding)) == {"name": "安护"}


@pytest.mark.parametrize(
    "text",
    [
        "0", "1", "-7", "1.0", "3.10", "0.10", "90.13372727751891", "1E+5", "-0.0", "-0",
        "28.104000000000003", "5E-300", "2.5E-7", "123456789012345678901234567890",
    ],
)  # fmt: skip
def test_numbers_keep_the_digits_they_were_written_with(text: str) -> None:
    number = parsing.parse(f'{{"a": {text}}}'.encode())["a"]

    assert str(values.decimal_of(number)).lower() == str(Decimal(text)).lower()
    assert values.same(values.unpack(values.pack(number)), number)
    assert values.same(values.unpack(values.pack(number, exact=True)), number)


def test_one_and_one_point_nought_and_true_are_three_things() -> None:
    assert not values.same(1, 1.0)
    assert not values.same(1, True)
    assert not values.same([1], [1.0])
    assert not values.same({"a": 1}, {"a": True})
    assert values.same({"a": [1, "x", None]}, {"a": (1, "x", None)})
