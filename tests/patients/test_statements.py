"""Statements of account: the right words in both scripts, in memory alone, told to the trail."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pypdf
import pytest
import typst
from django.conf import settings
from django.utils import translation

from patients import printing
from patients.queries import statements
from tests import world
from tests.patients import cast, desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def clerk():
    return cast.staff("finance")


@pytest.fixture
def mei():
    return cast.patient(names=[{"text": "欧阳娜娜"}], record_number="AH-7")


def text_of(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def ask(user, patient, language=""):
    return cast.browser(user).post(f"/patients/{patient.pk}/statement/", {"language": language})


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Statementofaccount", "ServiceCONS", "Stillowed", "241.00CNY")),
        ("zh", ("对账单", "服务CONS", "尚欠", "241.00CNY")),
    ],
)
def test_a_statement_names_bills_and_what_is_owed_in_either_language(mei, clerk, language, words):
    row = desk.bill(mei, clerk, payer="王建国")
    desk.pay(row, clerk, "41")
    desk.bill(mei, clerk, quantity=1)
    response = ask(clerk, mei, language)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Disposition"] == 'attachment; filename="statement.pdf"'
    shown = text_of(response.content)
    for one in ("欧阳娜娜", "王建国", "AH-7", row.number, "320.50CNY", *words[:-1]):
        assert one in shown, one


def test_giving_out_a_statement_is_a_disclosure_on_the_trail(mei, clerk):
    desk.bill(mei, clerk)
    ask(clerk, mei)
    (event,) = cast.events("patients.statement.issued")
    assert (event.subjects, event.counts, event.purpose) == ([mei.pk], {"invoices": 1}, "HPAYMT")


def test_the_fonts_are_in_the_page_and_set_chinese(mei, clerk):
    desk.bill(mei, clerk)
    page = pypdf.PdfReader(io.BytesIO(ask(clerk, mei, "zh").content)).pages[0]
    fonts = [one.get_object()["/BaseFont"] for one in page["/Resources"]["/Font"].values()]
    assert fonts
    assert all("NotoSansSC" in name for name in fonts)


def test_nothing_is_owed_is_a_statement_as_well(mei, clerk):
    assert "Nothingisowed" in text_of(ask(clerk, mei, "en").content)


@pytest.mark.parametrize("role", ["receptionist", "auditor", "physician"])
def test_who_does_not_bill_gives_out_nothing(mei, role):
    assert ask(cast.staff(role), mei).status_code in {403, 404}
    assert not cast.events("patients.statement.issued")


@pytest.mark.parametrize(
    "hostile",
    ['#read("/etc/passwd")', "#eval(\"1\")", "$x^2$", "*bold*", "\\", '"', "]", "@label", "<b>",
     "{{7*7}}", "\u202etxt", "//", "```", "#set page(width: 1pt)", "x" * 120],
)  # fmt: skip
def test_names_are_text_and_never_a_program(mei, clerk, hostile):
    desk.bill(mei, clerk, payer=hostile)
    shown = text_of(ask(clerk, mei, "en").content)
    if hostile.isascii() and len(hostile) < 100:
        assert "".join(hostile.split()) in shown
    assert "root:" not in shown
    assert "INV-" in shown


def test_a_missing_font_is_no_statement(mei, clerk, settings, tmp_path):
    settings.FONTS_DIR = tmp_path
    desk.bill(mei, clerk)
    assert ask(clerk, mei).status_code == 503
    assert not cast.events("patients.statement.issued")


def test_content_that_the_template_cannot_set_is_not_quoted_in_the_error():
    with pytest.raises(printing.NotPrintable) as caught:
        printing.pdf("statement", {"title": "Name of a person"})
    assert "person" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_picture_of_the_page_has_ink_for_every_character():
    """Text that extracts may still be boxes; a character's picture must differ from that of a hole."""
    source = b'#set page(width: 60pt, height: 30pt, margin: 4pt)\n#set text(font: "Noto Sans SC")\n'
    hole = picture(source + "\U0010fffd".encode())
    drawn = {char: picture(source + char.encode()) for char in "对账单欧阳娜龘𬱖A1¥"}
    assert all(image != hole for image in drawn.values())
    assert len(set(drawn.values())) == len(drawn)


def picture(source: bytes) -> bytes:
    made = typst.compile(
        source, font_paths=[str(settings.FONTS_DIR)], ignore_system_fonts=True, format="png", ppi=72
    )
    assert isinstance(made, bytes)
    return made


def test_the_clinic_is_called_by_the_name_of_its_topmost_unit():
    world.team("North Clinic")
    with translation.override("en"):
        assert statements.clinic_name() == "North Clinic"


def test_the_template_has_no_word_of_its_own():
    """What stands on paper is said in both languages by the catalogue."""
    source = (Path(printing.__file__).parent / "statement.typ").read_text()
    assert json.dumps("Statement") not in source
    assert "Total" not in source
