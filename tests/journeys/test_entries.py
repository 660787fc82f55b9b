"""Writing the structured record in a real browser: by keyboard, in both languages, by two people at once."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from patients.models import Condition
from security import trail
from tests.journeys.test_hostile import MARKUP
from tests.patients.writing import KINDS, WRITTEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def chart(clinic, key="ouyang-xuemei"):
    return f"/patients/{clinic.patients[key]}/"


def fill(page, kind, **changes):
    for name, value in {**WRITTEN[kind][0], **changes}.items():
        field = page.locator(f"form.c-form [name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def chooses(page, name, typed, option):
    """Choose a code by keyboard alone."""
    box = page.locator(f"input[name={name}]")
    box.fill("")
    box.press_sequentially(typed)
    expect(page.locator(".c-coding__panel:visible [role=option]").first).to_contain_text(option)
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", re.compile("coding-panel"))
    page.keyboard.press("Enter")
    expect(page.locator(".c-coding__panel:visible")).to_have_count(0)


def test_a_physician_adds_a_result_by_keyboard_corrects_it_and_sees_its_trend(doors, clinic):
    visitor = doors.open()
    page = visitor.page
    visitor.is_signed_in("physician1")
    visitor.goes(f"{chart(clinic)}clinical/")
    visitor.look("clinical tab of a writer")
    page.locator("#section-observations .c-card-head a").click()
    visitor.look("new result")
    chooses(page, "code", "hba1c", "4548-4")
    expect(page.locator(".c-coding__said--coded")).to_have_text("Code: LOINC 4548-4")
    expect(page.locator("select[name=unit]")).to_have_value("%")
    expect(page.locator("input[name=high]")).to_have_value("6")
    visitor.expected.add(422)
    page.locator("input[name=result]").fill("8,1")
    page.locator("input[name=result]").press("Enter")
    visitor.sees("Write the number with a point")
    visitor.look("refused result")
    visitor.shoots("entries-refused-en")
    page.locator("input[name=result]").fill("81")
    page.locator("input[name=result]").press("Enter")
    page.wait_for_url("**/clinical/**")
    visitor.sees("Saved.")

    row = page.locator("#rows-observations tr", has_text="81").first
    row.get_by_role("link", name=re.compile("^Correct")).click()
    page.locator("input[name=result]").fill("8.1")
    page.locator("input[name=reason]").fill("the point was missing")
    visitor.look("correction")
    visitor.shoots("entries-correction-en")
    visitor.presses("Save the correction")
    page.wait_for_url("**/clinical/**")
    visitor.sees("Corrected. The version before is kept.")

    row = page.locator("#rows-observations tr", has_text="8.1").first
    row.get_by_role("link", name=re.compile("^History")).click()
    visitor.sees("the point was missing")
    visitor.look("history")
    visitor.shoots("entries-history-en")
    page.go_back()
    page.locator("#rows-observations tr", has_text="8.1").first.get_by_role(
        "link", name=re.compile("^Trend")
    ).click()
    canvas = page.locator("canvas[role=img]")
    expect(canvas).to_have_attribute("aria-label", re.compile("Line of Haemoglobin A1c"))
    drawn = "one => Chart.getChart(one).data.datasets[0].data.length"
    assert canvas.evaluate(drawn) >= 3
    visitor.look("trend")
    visitor.shoots("entries-trend-en")


def test_the_same_pages_speak_chinese(doors, clinic):
    visitor = doors.open(locale="zh-CN")
    page = visitor.page
    visitor.is_signed_in("nurse1")
    visitor.goes(f"{chart(clinic)}entries/conditions/")
    visitor.sees("新增：")
    chooses(page, "code", "tnb", "R73.0")
    visitor.look("new diagnosis, Chinese")
    visitor.shoots("entries-diagnosis-zh")
    page.locator("input[name=onset]").fill("2025年5月")
    visitor.presses("保存")
    page.wait_for_url("**/clinical/**")
    visitor.sees("2025年5月")
    visitor.sees("糖尿病前期")
    page.locator("#rows-observations").get_by_role("link", name=re.compile("^趋势")).first.click()
    visitor.sees("返回病历")
    visitor.look("trend, Chinese")
    visitor.shoots("entries-trend-zh")


def test_two_people_who_correct_the_same_entry_see_three_states(doors, clinic):
    first, second = doors.open(), doors.open()
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        row = Condition.objects.filter(patient_id=clinic.patients["ouyang-xuemei"]).first()
    address = f"{chart(clinic)}entries/conditions/{row.pk}/"
    for visitor, handle in ((first, "physician1"), (second, "nurse1")):
        visitor.is_signed_in(handle)
        visitor.goes(address)
    for visitor, note in ((first, "what the doctor wrote"), (second, "what the nurse wrote")):
        visitor.page.locator("textarea[name=notes]").fill(note)
        visitor.page.locator("input[name=reason]").fill("added a remark")
    first.presses("Save the correction")
    first.page.wait_for_url("**/clinical/**")
    second.expected.add(409)
    second.presses("Save the correction")
    second.sees("Somebody changed this meanwhile")
    second.sees("what the doctor wrote")
    second.sees("what the nurse wrote")
    second.look("conflict")
    second.shoots("entries-conflict-en")
    second.presses("Save mine over it")
    second.page.wait_for_url("**/clinical/**")
    second.goes(f"{address}history/")
    second.sees("what the doctor wrote")
    second.sees("what the nurse wrote")


def test_an_allergy_warns_before_a_medicine_is_ordered(doors, clinic):
    visitor = doors.open()
    page = visitor.page
    visitor.is_signed_in("physician1")
    visitor.goes(f"{chart(clinic)}entries/medications/")
    chooses(page, "code", "amox", "J01CA04")
    visitor.expected.add(422)
    visitor.presses("Save")
    visitor.sees("An allergy speaks against this medicine")
    visitor.look("warning")
    visitor.shoots("entries-warning-en")
    page.get_by_label("I have read this and order it nevertheless.").check()
    visitor.presses("Save")
    page.wait_for_url("**/clinical/**")
    visitor.sees("Amoxicillin")


def test_a_session_that_ends_while_typing_keeps_what_was_typed(doors, clinic):
    visitor = doors.open()
    page = visitor.page
    visitor.is_signed_in("physician1")
    visitor.goes(f"{chart(clinic)}entries/plans/")
    with page.expect_response(lambda answer: "/drafts/plans/" in answer.url) as kept:
        page.locator("textarea[name=steps]").fill("Walk each day")
    assert kept.value.ok
    page.context.clear_cookies()
    visitor.is_signed_in("physician1")
    visitor.goes(f"{chart(clinic)}entries/plans/")
    visitor.sees("This is your draft of")
    expect(page.locator("textarea[name=steps]")).to_have_value("Walk each day")


def test_every_form_works_without_script(doors, clinic):
    visitor = doors.open(java_script_enabled=False)
    page = visitor.page
    visitor.is_signed_in("physician1")
    for kind in KINDS:
        visitor.goes(f"{chart(clinic)}entries/{kind}/")
        fill(page, kind)
        visitor.presses("Save")
        page.wait_for_url("**/clinical/**")


@pytest.mark.parametrize("kind", KINDS)
def test_markup_in_every_text_is_text_to_everybody_who_reads_it(kind, doors, clinic):
    writer, reader = doors.open(), doors.open()
    writer.is_signed_in("physician1")
    writer.expected.add(422)
    texts = {
        "code",
        "notes",
        "reaction",
        "because",
        "instructions",
        "words",
        "title",
        "description",
    }
    words = " ".join(MARKUP)[:200]
    single = {
        "observations": {"result": "", "unit": "", "low": "", "high": "", "words": words, "measured": f"{timezone.localdate()}"},
        # The allergy of the same words, written before, would speak against a medicine called so.
        "medications": {"code": "Salbutamol", "ordered": f"{timezone.localdate()}"},
    }.get(kind, {})  # fmt: skip
    named = dict.fromkeys(texts & set(WRITTEN[kind][0]) - {"words"}, words)
    writer.goes(f"{chart(clinic)}entries/{kind}/")
    fill(writer.page, kind, **{**named, **single})
    writer.page.keyboard.press("Escape")
    writer.presses("Save")
    writer.page.wait_for_url("**/clinical/**")
    place = writer.page.locator(f"#rows-{kind} tr", has_text="alert(1)").first
    address = place.get_by_role("link", name=re.compile("^History")).get_attribute("href")
    reader.is_signed_in("nurse1")
    for page in (
        address,
        address.replace("history/", ""),
        f"{chart(clinic)}clinical/",
        f"{chart(clinic)}timeline/",
        chart(clinic),
    ):
        reader.goes(page)
        expect(reader.page.locator("main")).to_be_visible()
        assert (
            reader.page.locator("main script:not([src]):not([type='application/json'])").count()
            == 0
        )
