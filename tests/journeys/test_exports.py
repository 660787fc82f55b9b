"""Data leave the house: finance asks, somebody of the compliance desk agrees, finance takes the file."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone

from security.models import Export
from security.services import exports

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "Monthly accounts for the bookkeeper 每月交给会计"
WORDS = {
    "en": {
        "way": "Ask for it: Bills of a month", "ask": "Ask for it", "wait": "Waiting for approval",
        "agree": "Approve", "make": "Make the file", "ready": "Ready", "take": "Download",
    },
    "zh-hans": {
        "way": "申请导出: 月度账单", "ask": "申请导出", "wait": "等待批准", "agree": "批准",
        "make": "生成文件", "ready": "已就绪", "take": "下载",
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.mark.parametrize("language", WORDS)
def test_finance_exports_the_month_after_a_second_person_agreed(visitor, language, tmp_path):
    words, page = WORDS[language], visitor.page
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": visitor.base}
    page.context.add_cookies([cookie])
    visitor.is_signed_in("finance1")
    visitor.goes("/exports/new/bills/")
    page.locator("#id_month").fill(timezone.localdate().strftime("%Y-%m"))
    page.locator("#id_reason").fill(REASON)
    visitor.look("exports, asking")
    visitor.presses(words["ask"])
    visitor.sees(words["wait"])
    visitor.shoots(f"exports-asked-{language}")

    visitor.is_signed_in("compliance_officer1")
    visitor.goes("/exports/")
    visitor.sees(REASON)
    visitor.look("exports, deciding")
    page.locator("li", has_text=REASON).get_by_role("button", name=words["agree"]).first.click()
    row = Export.objects.latest("requested_at")
    visitor.is_signed_in("finance1")
    visitor.goes("/exports/")
    mine = page.locator(f"#export-{row.pk}")
    mine.get_by_role("button", name=words["make"]).click()
    # What the worker does, in this process: the page looks again by itself.
    mine.locator("[role=status]").wait_for()
    exports.produce(export_id=row.pk)
    visitor.sees(words["ready"], within=f"#export-{row.pk}")
    visitor.look("exports, ready")
    visitor.shoots(f"exports-ready-{language}")
    with page.expect_download() as taken:
        mine.get_by_role("link", name=words["take"]).click()
    taken.value.save_as(tmp_path / "bills.csv")
    lines = (tmp_path / "bills.csv").read_text("utf-8-sig").splitlines()
    assert "HPAYMT" in lines[-1]
    assert taken.value.suggested_filename.startswith("custodia-bills-")
