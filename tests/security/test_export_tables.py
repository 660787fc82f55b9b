"""No cell of an exported file is a formula, in neither form, and what was written comes back."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from security.exports import tables

FORMULAS = [
    "=1+1", "+1", "-1+2", "@SUM(A1)", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x\")", " =1+1", "\t=1",
    "\r=1", "\n=1", "\x00=1", "\u200b=1", "＝1+1", "＋1", "－1", "＠x", "|calc", "%0A=1", "=IMPORTXML(1)",
    "-2+3+cmd|' /C calc'!A0", "+cmd|x", "=\"a\"&\"b\"", "@x", "=WEBSERVICE(1)", "\ufeff=1", "  +1",
    "=DDE(\"cmd\";\"/C calc\";\"a\")", "\t+1", "=A1", "-A1",
]  # fmt: skip
EXECUTED = re.compile(r"^[\s\ufeff\u200b]*[=+\-@＝＋－＠|%]")


def csv_of(rows):
    content = b"".join(tables.written("csv", ["head"], rows))
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def xml_of(rows):
    content = b"".join(tables.written("xlsx", ["head"], rows))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(
            book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
        )


@pytest.mark.prove(step=2, full=1)
@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_executed(text):
    found = csv_of([[text]])[1][0]
    assert not EXECUTED.match(found), repr(found)
    sheet = xml_of([[text]])
    assert "<f>" not in sheet
    assert "<f " not in sheet


@pytest.mark.parametrize(
    "text", ["王芳", "O'Neill", 'a "b", c', "line\nbreak", "semi;colon", "x=1", "😀"]
)
def test_a_plain_text_stays_as_it_is(text):
    assert csv_of([[text]])[1] == [text]


@pytest.mark.parametrize(
    "text",
    [
        "a;=1+1", "a; =1", 'a;"=1"', "a\n=cmd|' /C calc'!A0", "a\t+1", "a\n\n@SUM(1)", "a;＝1", "a;\u200b=1", "a;;-1+1",
        "a;\ufeff=1", 'x"";=1',
    ],
)  # fmt: skip
def test_no_text_becomes_a_formula_where_cells_are_parted_elsewhere(text):
    content = b"".join(tables.written("csv", ["head"], [["first", text]])).decode("utf-8-sig")
    parts = re.split(r"[;\t\n]", content)
    assert not [part for part in parts if EXECUTED.match(part.replace('"', ""))]


@pytest.mark.parametrize("text", ["\ud800x", "a\ufffe\uffffb", "x" * 40_000, ";=" * 20_000])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_no_file_can_carry_stops_no_export(kind, text):
    assert b"".join(tables.written(kind, ["head"], [[text]]))
    assert len(tables.harmless(text)) <= tables.MOST_CHARACTERS + 1


def test_numbers_and_dates_are_what_they_are():
    row = csv_of([[Decimal("-12.50"), 7, date(2026, 2, 1), None, True]])[1]
    assert row == ["-12.50", "7", "2026-02-01", "", "true"]
    assert re.search(r"<v>-12\.50?</v>", xml_of([[Decimal("-12.50")]]))


def test_more_rows_than_a_file_holds_are_refused(monkeypatch):
    monkeypatch.setitem(tables.MOST_ROWS, "csv", 3)
    with pytest.raises(tables.TooManyRows):
        csv_of([[1]] * 4)
    assert len(csv_of([[1]] * 3)) == 4
