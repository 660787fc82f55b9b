"""Files as clinics have them, and files that are none: recognised, or refused with a sentence."""

import gzip
import io
import zipfile

import pytest
from django.utils import timezone

from patients.imports import cells, detecting, faults, reading
from patients.imports.faults import Unreadable, Wrong
from patients.models import ImportBatch, Patient
from tests.patients import cast, tables

pytestmark = pytest.mark.django_db
HEAD_ZH = ("病历号", "姓名", "出生日期", "性别", "手机号")
ROW_ZH = ["A-1", "欧阳雪梅", "1990年2月3日", "女", "13800138000"]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def desk(system):
    return cast.staff("receptionist")


def chinese(mark=","):
    return tables.text_of([ROW_ZH, ["A-2", "王芳", "1985-07-01", "男", ""]], HEAD_ZH, mark)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_each_encoding_is_recognised_and_every_name_arrives(desk, encoding, found):
    batch = tables.brought(desk, chinese().encode(encoding))
    assert batch.encoding == found
    assert tables.counts(batch) == (2, 0, 0, 0)
    with cast.acting(desk):
        names = {row.names[0]["text"] for row in Patient.objects.all()}
        assert names == {"欧阳雪梅", "王芳"}


def test_accented_letters_of_the_west_are_told_from_chinese(desk):
    text = tables.text_of([tables.person(0, **{"Family name": "Müller", "Given name": "Zoë"})])
    batch = tables.brought(desk, text.encode("cp1252"))
    assert (batch.encoding, tables.counts(batch)) == ("windows-1252", (1, 0, 0, 0))
    with cast.acting(desk):
        assert Patient.objects.get().names[0]["family"] == "Müller"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_each_mark_between_columns_is_recognised(desk, mark):
    batch = tables.checked(desk, chinese(mark))
    assert (batch.delimiter, tables.counts(batch)) == (mark, (2, 0, 0, 0))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_is_read(desk, ends):
    batch = tables.checked(desk, chinese().replace("\r\n", ends))
    assert tables.counts(batch) == (2, 0, 0, 0)


def workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", b"0" * 20_000_000)
    return out.getvalue()


GOOD = ["P-1", "Muster", "Mia", "1980-05-01", "female", ""]
REFUSED = {
    "nothing": (b"", "empty"),
    "blanks": (b"\r\n \r\n", "empty"),
    "a mark alone": (b"\xef\xbb\xbf", "empty"),
    "headings alone": (tables.text_of([]).encode(), "no_rows"),
    "one column": (b"Record number\nP-1\nP-2\n", "one_column"),
    "twice the same heading": (b"Name,name\nA,B\n", "headings"),
    "a wide table": (b",".join(b"c%d" % n for n in range(300)) + b"\n1\n", "too_many_columns"),
    "a workbook": (workbook(), "workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook"),
    "a bomb": (bomb(), "archive"),
    "a packed table": (gzip.compress(b"a,b\n1,2\n"), "archive"),
    "a document": (b"%PDF-1.7\n1,2,3\n", "not_text"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(500), "not_text"),
    "zeros": (bytes(5000), "empty"),
    "bytes": (bytes(range(256)) * 40, "not_text"),
    "one endless line": (b"a,b\n" + b"x" * 10_000_000, "line_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_no_table_is_refused_in_words_and_leaves_nothing(desk, folder, content):
    raw, code = REFUSED[content]
    with pytest.raises(Unreadable) as refusal:
        tables.uploaded(desk, raw)
    assert refusal.value.code == code
    assert faults.OF_FILE[code]
    assert not ImportBatch.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_too_large_a_file_is_refused_and_leaves_nothing(desk, folder, monkeypatch):
    monkeypatch.setattr("patients.services.batches.MOST_BYTES", 1000)
    with pytest.raises(Unreadable, match="too_large"):
        tables.uploaded(desk, chinese() * 50)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_quotation_mark_without_end_refuses_the_file_and_names_the_row(desk):
    rows = [tables.person(number) for number in range(6)]
    lines = tables.text_of(rows).split("\r\n")
    lines[3] = lines[3].replace("Muster2", '"Muster2')
    batch = tables.checked(desk, "\r\n".join(lines))
    assert (batch.status, batch.problem, batch.problem_row) == ("refused", "quote_open", 4)
    assert not Patient.objects.exists()


def test_a_line_without_end_further_down_refuses_the_file(desk):
    content = tables.text_of([GOOD]) + "P-2," + "x" * 1_200_000 + "\r\n"
    batch = tables.checked(desk, content)
    assert (batch.status, batch.problem, batch.problem_row) == ("refused", "line_too_long", 3)


BAD_ROWS = {
    "few cells": ("P-2,Muster", ("", "cell_count")),
    "many cells": ("P-2,Muster,Mia,1980-05-01,female,,more", ("", "cell_count")),
    "quotes": ('P-2,"Mus"ter,Mia,1980-05-01,female,', ("", "quotes")),
    "a zero byte": ("P-2,Mus\0ter,Mia,1980-05-01,female,", ("family", "control")),
    "an escape": ("P-2,Mus\x1bter,Mia,1980-05-01,female,", ("family", "control")),
    "no number": (",Muster,Mia,1980-05-01,female,", ("record_number", "missing")),
    "no name": ("P-2,,Mia,1980-05-01,female,", ("family", "name")),
    "a long cell": (f"P-2,{'x' * 501},Mia,1980-05-01,female,", ("family", "too_long")),
    "a very long cell": (f"P-2,{'x' * 200_000},Mia,1980-05-01,female,", ("", "too_long")),
    "no such day": ("P-2,Muster,Mia,1980-02-30,female,", ("birth_on", "day")),
    "a serial number": ("P-2,Muster,Mia,32874,female,", ("birth_on", "day")),
    "two figures of a year": ("P-2,Muster,Mia,01/02/80,female,", ("birth_on", "day")),
    "either order": ("P-2,Muster,Mia,01/02/1980,female,", ("birth_on", "day_order")),
    "tomorrow": ("P-2,Muster,Mia,2999-01-01,female,", ("birth_on", "day_future")),
    "long ago": ("P-2,Muster,Mia,0980-01-01,female,", ("birth_on", "day_early")),
    "no sex": ("P-2,Muster,Mia,1980-05-01,maybe,", ("sex", "sex")),
    "no phone": ("P-2,Muster,Mia,1980-05-01,female,call me", ("phone", "phone")),
    "a formula as number": ("=1+1,Muster,Mia,1980-05-01,female,", ("record_number", "number")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_reported_and_the_others_come_in(desk, kind):
    row, (column, code) = BAD_ROWS[kind]
    content = tables.text_of([GOOD]) + row + "\r\n" + ",".join(tables.person(3)) + "\r\n"
    batch = tables.brought(desk, content)
    assert tables.faults(batch, "import") == [(3, column, code)]
    assert tables.counts(batch) == (2, 0, 0, 1)
    assert faults.OF_ROW[code]


def test_foreign_bytes_in_a_file_are_reported_row_by_row(desk):
    rows = [tables.person(0, **{"Family name": "欧阳"}), tables.person(1, **{"Family name": "王"})]
    lines = tables.text_of([*rows, tables.person(2)]).encode().split(b"\r\n")
    lines[2] = "\r\n".join([tables.text_of([rows[1]]).split("\r\n")[1]]).encode("gb18030")
    batch = tables.brought(desk, b"\r\n".join(lines))
    assert (batch.encoding, tables.counts(batch)) == ("utf-8", (2, 0, 0, 1))
    assert tables.faults(batch, "import") == [(3, "family", "undecodable")]


def test_unseen_marks_are_removed_and_said(desk):
    spoofed = "Mu\u202es\u200bter\ufeff"
    batch = tables.brought(desk, tables.text_of([tables.person(0, **{"Family name": spoofed})]))
    assert tables.faults(batch, "import") == [(2, "family", "invisible")]
    with cast.acting(desk):
        assert Patient.objects.get().names[0]["family"] == "Muster"


def test_markup_and_formulas_in_names_stay_text(desk):
    names = ["<script>alert(1)</script>", "=HYPERLINK(1)", 'O\'Brien "Bo"', "Line\nbreak"]
    rows = [tables.person(n, **{"Family name": name}) for n, name in enumerate(names)]
    tables.brought(desk, tables.text_of(rows))
    with cast.acting(desk):
        found = {row.names[0]["family"] for row in Patient.objects.all()}
    assert found == {*names[:3], "Line break"}


def test_a_file_of_bad_rows_alone_writes_nothing(desk):
    rows = [tables.person(number, Sex="?") for number in range(2500)]
    batch = tables.brought(desk, tables.text_of(rows))
    assert tables.counts(batch) == (0, 0, 0, 2500)
    assert not Patient.objects.exists()
    assert len(tables.faults(batch, "import")) == 2500


@pytest.mark.parametrize(
    ("written", "order", "means"),
    [
        ("1990-12-31", "", "1990-12-31"), ("1990/2/3", "", "1990-02-03"), ("1990.2.3", "", "1990-02-03"),
        ("19900203", "", "1990-02-03"), ("1990年2月3日", "", "1990-02-03"), ("１９９０－０２－０３", "", "1990-02-03"),
        ("31/12/1990", "", "1990-12-31"), ("12/31/1990", "", "1990-12-31"), ("3.2.1990", "", "1990-02-03"),
        ("3/2/1990", "dmy", "1990-02-03"), ("3/2/1990", "mdy", "1990-03-02"), ("2/2/1990", "", "1990-02-02"),
        ("1990", "", "1990"), ("1990-02", "", "1990-02"), ("1990-12-31 00:00:00", "", "1990-12-31"),
        ("2000-02-29", "", "2000-02-29"),
    ],
)  # fmt: skip
def test_days_are_read_as_people_write_them(written, order, means):
    assert cells.day(written, order) == means


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("1234.50", "1234.50"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("12,5", "12.5"),
        ("¥128", "128"), ("-3.10", "-3.10"), ("1,234,567", "1234567"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(written, means):
    assert str(cells.amount(written)) == means


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e400", "12.345.6", "ten", "1.23456"])
def test_what_is_no_amount_is_none(written):
    with pytest.raises(Wrong, match="amount"):
        cells.amount(written)


def test_a_time_without_zone_is_the_clinics(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    timezone.get_default_timezone.cache_clear()
    assert cells.instant("2024-03-01 09:30", "") == "2024-03-01T09:30:00+08:00"
    assert cells.instant("2024-03-01T09:30:00Z", "") == "2024-03-01T09:30:00+00:00"
    assert cells.instant("2024-03-01", "") == "2024-03-01"
    timezone.get_default_timezone.cache_clear()


def test_reading_holds_one_row_at_a_time():
    taken = []

    def parts():
        for number in range(2000):
            taken.append(number)
            yield b"a,b\n" * 1000

    found = reading.rows(parts(), reading.Layout("utf-8", ","))
    for _count in range(10):
        next(found)
    assert len(taken) < 40


def test_a_known_mark_inside_of_quotes_parts_nothing():
    found = detecting.look(b'"Name; first","Number"\nA,1\n', "utf-8")
    assert (found.layout.delimiter, found.headings) == (",", ["Name; first", "Number"])
