"""Reception brings a file in: upload, match, check, import, the errors as a file, undo; in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from patients.models import ImportBatch, Patient
from tests.patients import tables

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


def table(path, count=40):
    head = ("MRN", "Surname", "First name", "DOB", "Gender", "Mobile")
    rows = [tables.person(9000 + number) for number in range(count)]
    rows[3][3], rows[7][4], rows[9][0] = "31.02.1980", "?", "=1+1"
    path.write_bytes(tables.text_of(rows, head, ";").encode("utf-8-sig"))
    return path


def worked():
    return tables.worked(ImportBatch.objects.latest("uploaded_at"))


def test_reception_brings_a_file_in_and_takes_it_back(visitor, tmp_path):
    page, before = visitor.page, Patient.objects.count()
    # Finance brings claims in and nothing else, so its list is empty whatever others did.
    visitor.is_signed_in("finance1")
    visitor.goes("/patients/imports/")
    visitor.sees("No imports yet")
    visitor.look("imports, none")
    visitor.is_signed_in("receptionist1")
    visitor.goes("/")
    visitor.presses("Imports", role="link")
    page.locator("input[value=patients]").check()
    page.locator("input[type=file]").set_input_files(table(tmp_path / "new patients.csv"))
    visitor.shoots("imports-1-upload")
    visitor.presses("Upload")

    visitor.sees("Which column is which?")
    expect(page.get_by_label("Family name")).to_have_value("1")
    expect(page.get_by_label("Date of birth")).to_have_value("3")
    visitor.look("imports, matching")
    visitor.shoots("imports-2-match")
    page.get_by_label("Record number").select_option("")
    visitor.expected.add(422)
    visitor.presses("Check the file")
    visitor.sees("Choose the column of the file that holds this.")
    page.get_by_label("Record number").select_option("0")
    visitor.presses("Check the file")

    progress = page.locator("#import-progress")
    expect(progress).to_contain_text("of 40 rows")
    visitor.look("imports, checking")
    visitor.shoots("imports-3-progress")
    worked()
    visitor.sees("What the import would do")
    assert Patient.objects.count() == before
    visitor.sees("This is not a day of the calendar.")
    visitor.look("imports, checked")
    visitor.shoots("imports-4-checked")
    visitor.presses("Import the rows without errors")
    expect(progress).to_be_visible()
    worked()
    visitor.sees("What the import did")
    assert Patient.objects.count() == before + 37
    visitor.shoots("imports-5-done")

    with page.expect_download() as got:
        visitor.presses("Errors by row (CSV)", role="link")
    lines = Path(got.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0] == "Row,Column,What is wrong,Counts as,Uploaded cell"
    assert "31.02.1980" in lines[1]
    assert lines[3].endswith(",'=1+1")

    visitor.presses("Undo this import")
    expect(progress).to_be_visible()
    worked()
    visitor.sees("Everything that this import had written was taken back.")
    assert Patient.objects.count() == before
    visitor.shoots("imports-6-undone")
    visitor.presses("All imports", role="link")
    visitor.sees("new patients.csv")
    visitor.look("imports, one")


def test_the_same_way_in_chinese_on_a_phone(doors, tmp_path):
    desk = doors.open(locale="zh-CN", viewport={"width": 360, "height": 740})
    page = desk.page
    desk.is_signed_in("receptionist2")
    desk.goes("/patients/imports/")
    expect(page.get_by_role("heading", level=1)).to_have_text("导入")
    desk.shoots("imports-zh-1-upload")
    page.locator("input[value=patients]").check()
    head = ("病历号", "姓名", "出生日期", "性别", "手机号")
    rows = [
        ["X-1", "司马长青", "1990年2月3日", "男", "13900000001"],
        ["X-2", "诸葛晴", "", "女", "x"],
    ]
    path = tmp_path / "患者.csv"
    path.write_bytes(tables.text_of(rows, head).encode("gb18030"))
    page.locator("input[type=file]").set_input_files(path)
    desk.presses("上传")
    desk.sees("司马长青")
    desk.shoots("imports-zh-2-match")
    desk.presses("检查文件")
    expect(page.locator("#import-progress")).to_be_visible()
    worked()
    desk.sees("这不是电话号码。")
    desk.look("imports in Chinese, checked")
    desk.shoots("imports-zh-3-checked")
    desk.presses("导入没有错误的行")
    expect(page.locator("#import-progress")).to_be_visible()
    worked()
    desk.sees("导入结果")
    desk.shoots("imports-zh-4-done")


def test_without_script_the_page_is_loaded_again_by_itself(doors, tmp_path):
    desk = doors.open(java_script_enabled=False)
    desk.is_signed_in("receptionist1")
    desk.goes("/patients/imports/")
    page = desk.page
    page.locator("input[value=patients]").check()
    page.locator("input[type=file]").set_input_files(table(tmp_path / "again.csv", 12))
    desk.presses("Upload")
    desk.presses("Check the file")
    desk.sees("of 12 rows")
    assert 'http-equiv="refresh"' in page.content()
    worked()
    desk.goes(page.url)
    desk.sees("What the import would do")
