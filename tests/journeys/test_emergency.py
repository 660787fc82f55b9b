"""A nurse outside the team breaks the glass, in both languages, and the officer sees it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from patients.models import CareRelationship, Patient
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Speech:
    """What the pages say in one language, and what the nurse types."""

    code: str
    locale: str
    nothing: str
    finder: str
    find: str
    open_in: str
    too_little: str
    reason: str
    open_chart: str
    banner: str
    strip: str
    end: str
    thanks: str
    review: str


SPEECHES = (
    Speech(
        "en", "en-GB", "There is nothing here that you may see", "Emergency access", "Find",
        "Open in an emergency", "This says too little", "Found unconscious in the corridor, allergies unknown",
        "Open the chart", "Everything you open here is reviewed", "Open in an emergency", "End now",
        "Emergency access ended", "Emergencies to review",
    ),
    Speech(
        "zh", "zh-CN", "这里没有您可以查看的内容", "紧急访问", "查找", "紧急打开", "说明太少",
        "患者昏倒在走廊，呼之不应，急需了解过敏史和用药", "打开病历", "您在此打开的一切内容都会被审查", "紧急打开", "立即结束",
        "紧急访问已结束", "待审查的紧急访问",
    ),
)  # fmt: skip


def stranger_of(clinic, handle):
    """Return a patient whom this person does not reach: the address and the record number."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        held = CareRelationship.objects.in_force().filter(user=clinic.people[handle])
        row = Patient.objects.exclude(pk__in=held.values("patient_id")).order_by("pk").first()
        return f"/patients/{row.pk}/", row.record_number


def picture(visitor, speech, name):
    visitor.shoots(f"emergency-{speech.code}-{name}")


@pytest.mark.parametrize("speech", SPEECHES, ids=lambda one: one.code)
def test_a_nurse_outside_the_team_breaks_the_glass(doors, clinic, speech):
    address, number = stranger_of(clinic, "nurse2")
    nurse = doors.open(locale=speech.locale)
    nurse.expected |= {404, 422}
    page = nurse.page
    nurse.is_signed_in("nurse2")
    nurse.goes(address)
    nurse.sees(speech.nothing)
    nurse.look(f"hidden {speech.code}")
    picture(nurse, speech, "1-hidden")

    nurse.goes("/patients/emergency/")
    page.locator("input[name=number]").fill(number)
    nurse.presses(speech.find, exact=True)
    expect(page.locator(".c-stubs li")).to_have_count(1)
    nurse.look(f"finder {speech.code}")
    picture(nurse, speech, "2-found")
    page.locator(".c-stubs").get_by_role("link", name=speech.open_in).click()

    page.locator("select[name=code]").select_option("life")
    page.locator("textarea[name=reason]").fill("aaaaaaaaaaaaaaaaaaaaaaaa")
    nurse.presses(speech.open_chart)
    nurse.sees(speech.too_little)
    nurse.look(f"reason {speech.code}")
    picture(nurse, speech, "3-reason")
    page.locator("textarea[name=reason]").fill(speech.reason)
    nurse.presses(speech.open_chart)

    expect(page).to_have_url(f"{nurse.base}{address}")
    nurse.sees(speech.banner, within=".c-glass")
    expect(page.locator("[data-glass-left]")).to_have_text("60")
    nurse.look(f"open {speech.code}")
    picture(nurse, speech, "4-open")
    nurse.goes(f"{address}clinical/")
    nurse.sees(speech.banner, within=".c-glass")

    officer = doors.open(locale=speech.locale)
    officer.is_signed_in("compliance_officer1")
    officer.goes("/patients/emergency/review/")
    officer.sees(speech.review)
    officer.sees(speech.reason)
    officer.look(f"review {speech.code}")
    picture(officer, speech, "5-review")

    nurse.goes("/")
    nurse.sees(speech.strip, within=".c-glass-strip")
    nurse.look(f"strip {speech.code}")
    picture(nurse, speech, "6-strip")
    nurse.presses(speech.end)
    nurse.sees(speech.thanks)
    nurse.goes(address)
    nurse.sees(speech.nothing)


def test_without_script_the_banner_says_the_minutes(doors, clinic):
    address, _number = stranger_of(clinic, "nurse2")
    nurse = doors.open(java_script_enabled=False)
    nurse.is_signed_in("nurse2")
    nurse.goes(f"{address}emergency/")
    nurse.page.locator("select[name=code]").select_option("urgent")
    nurse.page.locator("select[name=minutes]").select_option("30")
    nurse.page.locator("textarea[name=reason]").fill("Chest pain, needs the drug list now")
    nurse.presses("Open the chart")
    expect(nurse.page.locator("[data-glass-left]")).to_have_text("30")
    nurse.presses("End now")
    nurse.sees("Emergency access ended")


def test_the_minutes_count_down_and_the_page_closes_by_itself(doors, clinic):
    address, _number = stranger_of(clinic, "nurse2")
    nurse = doors.open()
    nurse.expected |= {404}
    page = nurse.page
    page.clock.install()
    nurse.is_signed_in("nurse2")
    nurse.goes(f"{address}emergency/")
    page.locator("select[name=code]").select_option("urgent")
    page.locator("select[name=minutes]").select_option("15")
    page.locator("textarea[name=reason]").fill("Chest pain, needs the drug list now")
    nurse.presses("Open the chart")
    expect(page.locator("[data-glass-left]")).to_have_text("15")
    page.clock.run_for(3 * 60 * 1000)
    expect(page.locator("[data-glass-left]")).to_have_text("12")
    nurse.presses("End now")
    nurse.sees("Emergency access ended")
