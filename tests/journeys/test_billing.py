"""A finance clerk's day in a real browser: bill, take money, return it by two people, give out a statement."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from playwright.sync_api import expect

from patients.models import Invoice, Refund
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEPT = Path(settings.BASE_DIR) / "var" / "journeys"
LANGUAGES = {
    "en": {
        "language": "English", "open": "Owed in CNY", "new": "New invoice", "save": "Save the draft",
        "issue": "Issue", "take": "Record the payment", "taken": "The payment is recorded.",
        "back": "Pay money back", "ask": "Pay back, or ask for approval", "wait": "Beyond the limit",
        "refunds": "Refunds", "approve": "Approve and pay back", "approved": "approved and paid back",
        "title": "Statement of account", "owed": "Nothing is owed.", "find": "Find", "reveal": "Reveal",
    },
    "zh": {
        "language": "中文", "open": "CNY 欠款", "new": "新建账单", "save": "保存草稿", "issue": "开具",
        "take": "登记收款", "taken": "收款已登记。", "back": "退款", "ask": "退款或申请批准",
        "wait": "超过限额", "refunds": "退款", "approve": "批准并退款", "approved": "退款已批准并退回",
        "title": "对账单", "owed": "没有欠款。", "find": "查找", "reveal": "显示",
    },
}  # fmt: skip


def keep(clerk, name):
    """Keep a picture of the page, as evidence of the run."""
    clerk.shoots(f"billing-{name}")


def is_open_in(clerk, language):
    """Open the billing desk in a language."""
    clerk.page.context.add_cookies(
        [{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": clerk.base}]
    )
    clerk.goes("/patients/desk/")


def bills(clerk, words, patient):
    """Write a bill over three reports, and issue it."""
    clerk.goes(f"/patients/{patient}/billing/")
    clerk.presses(words["new"], role="link")
    page = clerk.page
    page.locator("#id_line_1_price").select_option(
        value=page.locator("#id_line_1_price option", has_text="REPORT").get_attribute("value")
    )
    page.locator("#id_line_1_quantity").fill("4")
    clerk.presses(words["save"])
    clerk.look("draft")
    # The page asks once more; a person says yes.
    page.evaluate("window.confirm = () => true")
    page.locator("form[action$='/issue/'] button").click()
    clerk.sees("INV-")


@pytest.mark.parametrize("language", LANGUAGES)
def test_finance_bills_takes_money_and_refunds_with_a_second_person(doors, clinic, language):
    words, patient = LANGUAGES[language], clinic.patients["han-li"]
    clerk = doors.open()
    clerk.is_signed_in("finance1")
    is_open_in(clerk, "zh-hans" if language == "zh" else "en")
    clerk.sees(words["open"])
    clerk.look("billing desk")
    keep(clerk, f"{language}-desk")

    bills(clerk, words, patient)
    clerk.look("invoice")
    form = clerk.page.locator("form[action$='/pay/']")
    form.locator("select").select_option("transfer")
    form.get_by_role("button").click()
    clerk.sees(words["taken"])
    keep(clerk, f"{language}-paid")

    clerk.page.get_by_text(words["back"], exact=True).last.click()
    form = clerk.page.locator("form[action$='/refund/']")
    form.locator("[name=amount]").fill("750")
    form.locator("select").select_option("transfer")
    form.locator("textarea").fill("Three reports were not needed 三份报告不再需要")
    form.get_by_role("button").click()
    clerk.sees(words["wait"])

    colleague = doors.open()
    colleague.is_signed_in("finance2")
    is_open_in(colleague, "zh-hans" if language == "zh" else "en")
    colleague.goes("/patients/desk/refunds/")
    colleague.look("refunds")
    keep(colleague, f"{language}-refunds")
    row = colleague.page.locator(".c-refund", has_text="750.00").first
    row.get_by_role("button", name=words["approve"]).click()
    colleague.sees(words["approved"])
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        made = Refund.objects.filter(amount=750).latest("requested_at")
        assert (made.status, made.requested_by, made.decided_by) == (
            "paid", clinic.people["finance1"], clinic.people["finance2"],
        )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_is_given_out_as_pdf_in_the_language_of_the_reader(doors, clinic, language):
    words = LANGUAGES[language]
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        row = Invoice.objects.open().first()
    clerk = doors.open(accept_downloads=True)
    clerk.is_signed_in("finance1")
    clerk.goes(f"/patients/{row.patient_id}/billing/")
    clerk.look("billing of a patient")
    with clerk.page.expect_download() as waiting:
        clerk.page.locator(f"main button[name=language][value={language}]").click()
    content = Path(waiting.value.path()).read_bytes()
    shown = "".join(pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text().split())
    assert "".join(words["title"].split()) in shown
    assert row.number in shown
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"statement-{language}.pdf").write_bytes(content)


def test_every_page_of_the_desk_is_good_to_look_at(doors, clinic):
    clerk = doors.open()
    clerk.is_signed_in("finance1")
    for page in ("claims/", "prices/", "cash-up/", "?show=drafts", "?bucket=over"):
        clerk.goes(f"/patients/desk/{page}")
        clerk.look(page)
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        number = Invoice.objects.open().first().number
    clerk.page.locator("#bill-search").fill(number)
    clerk.presses("Find", exact=True)
    expect(clerk.page.locator("main table tbody tr")).to_have_count(1)
    clerk.look("bills found")
