"""The front desk: somebody is registered, found to be here already, merged, and taken apart again."""

from __future__ import annotations

import re

import pytest
from django.utils import translation
from playwright.sync_api import expect

from patients.models import Patient
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LANGUAGES = {"en": "en-GB", "zh-hans": "zh-CN"}


def told(patient_id):
    """Return a patient's date of birth and record number as they were registered."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        row = Patient.objects.get(pk=patient_id)
        return row.birth_on.isoformat(), row.record_number


@pytest.mark.parametrize("language", LANGUAGES)
def test_reception_registers_and_merges(doors, clinic, language):
    desk = doors.open(locale=LANGUAGES[language])
    page, first = desk.page, clinic.patients["ouyang-xuemei"]
    born_on, number = told(first)
    desk.is_signed_in("receptionist1")

    def says(text, **values):
        with translation.override(language):
            return translation.gettext(text) % values if values else translation.gettext(text)

    def pictured(name):
        desk.look(f"{name}, {language}")
        desk.shoots(f"registration-{name}-{language}")

    # Registered under the pinyin alone; the warning comes while typing.
    desk.goes("/")
    page.locator(".c-nav").get_by_role("link", name=says("Register a patient")).click()
    page.wait_for_url("**/patients/new/")
    page.locator("[name=family]").fill("Xuemei")
    page.locator("[name=given]").fill("Ouyang")
    page.locator("[name=birth_on]").fill(born_on)
    page.locator("[name=sex]").select_option("female")
    page.locator("[name=told]").select_option("shown")
    warning = page.locator("#twins")
    expect(warning).to_contain_text(number)
    expect(warning).to_contain_text(says("same name and birth date"))
    expect(page.locator("[data-draft-said]")).to_contain_text(re.compile(r"\d"))
    pictured("double")

    # A reload brings what was typed; nothing of it lies in the browser.
    page.reload()
    expect(page.locator("[name=given]")).to_have_value("Ouyang")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Ouyang" not in kept
    desk.expected.add(422)
    desk.presses(says("Register"), exact=True)
    page.locator("[name=is_new]").check()
    pictured("asked")
    desk.presses(says("Register"), exact=True)
    page.wait_for_url(re.compile("/patients/[0-9a-f-]{36}/$"))
    second = page.url.rstrip("/").rsplit("/", 1)[1]
    assert second != str(first)
    given = told(second)[1]
    desk.sees(given)

    # It was the same person after all: compare, merge.
    page.locator("[data-tabs]").get_by_role("link", name=says("Contacts")).click()
    desk.presses(says("Merge with another record"), role="link")
    pictured("choose")
    page.locator(".c-people a", has_text=number).click()
    desk.presses(says("Keep the other one instead"), role="link")
    page.wait_for_url(f"**/patients/{first}/merge/{second}/")
    pictured("compare")
    desk.presses(says("Merge the two records"))
    expect(page.locator("[name=reason]")).to_be_focused()
    page.locator("[name=reason]").fill("same passport")
    page.locator("[name=is_compared]").check()
    desk.presses(says("Merge the two records"))
    desk.sees(says("The two records are one now. The merge can be undone here."))
    pictured("merged")

    # Both numbers find one record, and the old address leads there.
    for typed in (given, number):
        page.locator("#search-input").fill(typed)
        expect(page.locator("#search-panel [data-hits] a")).to_have_attribute(
            "href", f"/patients/{first}/"
        )
    desk.goes(f"/patients/{second}/")
    page.wait_for_url(f"**/patients/{first}/")

    # Taken apart again.
    desk.goes(f"/patients/{first}/contacts/")
    page.locator("#record").get_by_role("link", name=re.compile(f"^{says('Undo')}")).click()
    page.locator("[name=reason]").fill("two people")
    pictured("undo")
    desk.presses(says("Take the two apart"))
    page.wait_for_url(f"**/patients/{second}/contacts/")
    desk.sees(given)

    # Somebody to call.
    desk.presses(says("Add a contact"), role="link")
    page.locator("[name=kind]").select_option("SIB")
    page.locator("[name=name]").fill("欧阳雪松")
    page.locator("[name=phone]").fill("13800138000")
    page.locator("[name=is_emergency_contact]").check()
    pictured("contact")
    desk.presses(says("Save"))
    desk.sees("欧阳雪松")
    desk.sees(says("Emergency contact"))
    pictured("contacts")
