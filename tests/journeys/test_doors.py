"""Coming in and going out: first sign-in, lost phones, idle windows, browsers without script."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import expect

from crm.demo.roster import PEOPLE
from crm.demo.staff import DOMAIN, KNOWN_PHRASE
from security import sessions, trail
from security.models import User
from security.services import roles, users
from tests.crm.small_demo import FEW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LISTS = ("user", "roleassignment", "clearance", "membership", "unit", "datakey")
# One list with actions and filters, and the one page of our own; the others are like the first.
CLOSELY = {"user", "datakey"}


@pytest.fixture
def newcomer(clinic):
    """A colleague who has a password and no second factor yet."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        user = users.create(
            kind=User.Kind.STAFF, display_name="New Nurse", email=f"newcomer@{DOMAIN}", password=KNOWN_PHRASE, by=None
        )  # fmt: skip
        roles.grant(user=user, role="nurse", by=None)
    return f"newcomer@{DOMAIN}"


def test_a_newcomer_sets_up_a_factor_and_a_recovery_code_works_once(visitor, newcomer):
    page, heading = visitor.page, visitor.page.get_by_role("heading", level=1)
    visitor.goes("/sign-in/")
    visitor.gives_password(newcomer, KNOWN_PHRASE)
    expect(heading).to_have_text("Set up your second factor")
    expect(page.locator(".c-qr svg")).to_be_visible()
    page.locator(".c-secret summary").click()
    secret = "".join(page.locator(".c-secret__key span").all_inner_texts())
    visitor.look("enrol")
    page.locator("input[name=code]").press_sequentially(pyotp.TOTP(secret).now())

    expect(heading).to_have_text("Your ten recovery codes")
    codes = page.locator("[data-codes] li").all_inner_texts()
    assert len(set(codes)) == 10
    visitor.look("recovery codes")
    page.get_by_role("checkbox").check()
    visitor.presses("Continue")
    expect(heading).to_have_text("My patients")
    visitor.sees("No patients yet")
    visitor.look("empty home")
    assert not any(code in page.content() for code in codes)

    for attempt in ("first", "second"):
        page.locator("[data-menu] summary").click()
        visitor.presses("Sign out")
        visitor.presses("Sign in again", role="link")
        visitor.gives_password(newcomer, KNOWN_PHRASE)
        visitor.presses("Use a recovery code", role="link")
        expect(heading).to_have_text("Use a recovery code")
        page.locator("input[name=code]").fill(codes[3])
        if attempt == "first":
            visitor.look("recovery")
            visitor.presses("Sign in", exact=True)
            expect(heading).to_have_text("My patients")
    visitor.expected.add(422)
    visitor.presses("Sign in", exact=True)
    visitor.sees("This code is not right, or it was used before.")
    visitor.look("refused code")


def test_an_administrator_reads_lists_of_people_and_no_patient(doors, clinic):
    keeper = doors.open()
    keeper.is_signed_in("administrator1")
    keeper.goes("/")
    keeper.sees("Welcome, Gao Zhiqiang")
    keeper.look("administrator's home")
    keeper.page.locator(".c-nav").get_by_role("link", name="Administration").click()
    keeper.sees("Users, roles, units, keys", within="body")
    keeper.look("administration")
    parts = {part for one in PEOPLE if one.key in FEW for part in one.shown.split()}
    # Shorter ones are parts of other words.
    names = {part for part in parts if len(part) > 4 or not part.isascii()}
    assert {"Ouyang", "欧阳雪梅"} <= names
    for model in LISTS:
        keeper.goes(f"/admin/security/{model}/")
        shown = keeper.page.locator("body").inner_text()
        assert not [name for name in names if name in shown], model
        keeper.look(model) if model in CLOSELY else keeper.fits_a_phone(model)
    keeper.expected.add(404)
    for address in ("/admin/patients/patient/", f"/patients/{clinic.patients['ouyang-xuemei']}/"):
        keeper.goes(address)
        keeper.sees("There is nothing here that you may see")


def test_a_window_that_was_left_closes_and_says_why(doors, clinic):
    away = doors.open()
    page = away.page
    away.is_signed_in("physician1")
    away.goes(f"/patients/{clinic.patients['ouyang-xuemei']}/")
    away.sees("Ouyang")
    away.waits(seconds=16 * 60, since=sessions.SEEN_AT)
    away.expected.add(403)
    away.presses("Timeline", role="link", exact=True)
    page.wait_for_url(re.compile("/sign-in/"))
    away.sees("You were away for a while, so the workspace was closed.")
    away.look("closed")
    page.go_back()
    page.wait_for_url(re.compile("/sign-in/"))
    assert "Ouyang" not in page.content()


def test_everything_needed_works_without_script(doors, clinic):
    plain = doors.open(java_script_enabled=False)
    page, heading = plain.page, plain.page.get_by_role("heading", level=1)
    plain.signs_in("receptionist1")
    expect(heading).to_have_text("Patients")
    page.locator("#search-input").fill("ouyang")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("Find a patient")
    assert page.url.endswith("/search/")
    page.locator("main [data-hits] a", has_text="Ouyang Xuemei").click()
    expect(heading).to_contain_text("Ouyang Xuemei")
    plain.presses("Billing", role="link", exact=True)
    expect(page.locator("#record h2")).to_have_text("Billing")
    plain.presses("Summary", role="link", exact=True)
    plain.presses(re.compile("^Reveal"))
    expect(heading).to_have_text("National identity number")
    plain.sees("revealed and recorded")
    expect(page.locator(".c-masked__value")).to_have_text(re.compile(r"^[0-9X]{18}$"))
    plain.presses("Back to the patient", role="link")
    expect(heading).to_contain_text("Ouyang Xuemei")
    page.locator("[data-menu] summary").click()
    plain.presses("中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator("[data-menu] summary").click()
    plain.presses("深色")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("[data-menu] summary").click()
    plain.presses("退出登录")
    page.wait_for_url("**/signed-out/")
