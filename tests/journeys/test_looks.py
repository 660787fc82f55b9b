"""Language, appearance and narrow screens."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.visitor import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Whose pages, and the addresses after those of a patient.
PAGES = {
    "physician1": ("/", "/account/", "/account/password/", "{p}", "{p}timeline/", "{p}clinical/", "{p}billing/", "{p}access/",
        "{p}refer/", "/patients/requests/", "/patients/handover/", "/patients/teams/", "/patients/requests/thanks/",
        "/account/accesses/"),
    "receptionist1": ("/search/", "/patients/unassigned/", "/patients/leaving/", "{p}", "/patients/handover/", "{p}colleagues/"),
    "administrator1": ("/", "/admin/", "/admin/security/user/", "/admin/security/user/add/", "/patients/teams/",
        "/backups/", "/posture/"),
    "compliance_officer1": ("/audit/reports/", "/audit/reports/schedule/weekly/"),
}  # fmt: skip

CLOSELY = {
    "/account/accesses/", "/account/", "/account/password/", "{p}", "{p}refer/", "/patients/requests/",
    "/patients/handover/", "/patients/teams/", "{p}colleagues/",
    "/audit/reports/", "/audit/reports/schedule/weekly/",
}  # fmt: skip


def test_the_language_is_chosen_at_the_door_and_inside(visitor):
    page, heading = visitor.page, visitor.page.get_by_role("heading", level=1)
    visitor.goes("/sign-in/")
    expect(heading).to_have_text("Sign in")
    visitor.presses("中文")
    expect(heading).to_have_text("登录")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    visitor.look("sign-in")
    visitor.signs_in("physician1")
    expect(heading).to_have_text("我的患者")
    visitor.look("home")
    page.locator("[data-menu] summary").click()
    visitor.presses("English")
    expect(heading).to_have_text("My patients")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_dark_appearance_stays(visitor):
    page, root = visitor.page, visitor.page.locator("html")
    visitor.is_signed_in("physician1")
    visitor.goes("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[data-menu] summary").click()
    with page.expect_response("**/theme/"):
        visitor.presses("Dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(ground) == dark
    page.locator("[data-menu] summary").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("handle", PAGES)
def test_every_page_fits_a_phone_in_chinese(doors, clinic, handle):
    phone = doors.open(viewport=PHONE, locale="zh-CN", has_touch=True)
    phone.is_signed_in(handle)
    patient = f"/patients/{clinic.patients['ouyang-xuemei']}/"
    for address in PAGES[handle]:
        phone.goes(address.format(p=patient))
        expect(phone.page.locator("html")).to_have_attribute("lang", "zh-hans")
        # Every page is looked at closely in English, on its journey; Chinese sets it in other type.
        phone.look(address) if address in CLOSELY else phone.fits_a_phone(address)


def test_a_phone_is_enough_to_find_the_way(doors, clinic):
    phone = doors.open(viewport=PHONE, has_touch=True)
    page = phone.page
    phone.is_signed_in("receptionist1")
    phone.goes("/")
    for name, heading in (("Waiting for a doctor", "Patients without a doctor"), ("Find a patient", "Find a patient")):  # fmt: skip
        link = page.locator(".c-nav").get_by_role("link", name=name)
        expect(link).to_be_in_viewport()
        link.tap()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.locator("#search-input").fill("kowal")
    page.locator("#search-panel a", has_text="Kowalska").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Kowalska")
    tab = page.locator("[data-tabs] a", has_text="Access")
    tab.tap()
    expect(page.locator("[data-tabs] [aria-current=page]")).to_have_text("Access")
    expect(tab).to_be_in_viewport()
    page.locator("[data-menu] summary").tap()
    expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport()
    phone.look("menu")


def test_the_watch_sees_what_must_not_happen(visitor):
    page = visitor.page
    visitor.goes("/sign-in/")
    visitor.look("as it is")
    assert visitor.problems == []
    page.evaluate(
        """async () => {
            const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
            add("script", {textContent: "window.ran = true"});
            add("img", {src: "/static/img/mark.svg"});
            add("p", {textContent: "x".repeat(900), style: "white-space: nowrap"});
            await fetch("/nowhere/");
            alert("here");
            setTimeout(() => { throw new Error("thrown"); });
        }"""
    )
    visitor.look("spoilt")
    assert page.evaluate("window.ran") is None
    problems = "\n".join(visitor.problems)
    for found in ("policy: script-src", "answer: 404", "dialog: here", "script: thrown", "image-alt", "px too wide"):  # fmt: skip
        assert found in problems, found
    visitor.problems.clear()
