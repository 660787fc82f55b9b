"""The front desk: a patient signs on the screen, takes the receipt, and changes the mind."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import expect

from consent import keys
from consent.models import Consent, ConsentEvent, ProcessingPurpose
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LANGUAGES = {"en": "en-GB", "zh-hans": "zh-CN"}
# Each visit asks for a purpose of its own: the clinic is the same for both.
ASKED = {"en": ("research", "科研"), "zh-hans": ("teaching", "教学")}


@pytest.fixture(autouse=True)
def key(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "RECEIPT_KEY", tmp_path / "receipts" / "key.json")
    keys.create(settings.RECEIPT_KEY, tmp_path / "receipts" / "public.key")


@pytest.mark.parametrize("language", LANGUAGES)
def test_reception_asks_takes_a_signature_and_takes_it_back(doors, clinic, language):
    desk = doors.open(locale=LANGUAGES[language])
    page, who = desk.page, clinic.patients["ouyang-xuemei"]
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        about = ProcessingPurpose.objects.get(key=ASKED[language][0])
        assert not Consent.objects.filter(patient_id=who, purpose=about).exists()
    desk.is_signed_in("receptionist1")

    def says(text, **values):
        with translation.override(language):
            return translation.gettext(text) % values if values else translation.gettext(text)

    # The tab stands among the others and opens in their place.
    desk.goes(f"/patients/{who}/")
    page.locator("[data-tabs]").get_by_role("link", name=says("Consents"), exact=True).click()
    row = page.locator(
        ".c-consents li", has_text={"en": about.name, "zh-hans": about.name_zh}[language]
    )
    expect(row).to_contain_text(says("Not asked yet"))
    desk.look(f"consents, {language}")
    row.get_by_role("link", name=re.compile(f"^{says('Ask')}")).click()

    # The words come in the patient's language; nothing is chosen before.
    expect(page.locator(".c-words")).to_contain_text(ASKED[language][1])
    expect(page.locator("[name=method]:checked")).to_have_count(0)
    page.locator("[name=method][value=drawn]").check()
    field = page.locator("canvas")
    desk.look(f"asking, {language}")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    for line in range(3):
        page.mouse.move(box["x"] + 30, box["y"] + 20 + line * 20)
        page.mouse.down()
        for step in range(8):
            page.mouse.move(box["x"] + 40 + step * 15, box["y"] + 30 + line * 20 + step * 3)
        page.mouse.up()
    desk.presses(says("Agrees"), exact=True)
    expect(row).to_contain_text(says("Granted"))

    # The receipt leaves as a file; the signature is seen again.
    row.locator(".c-item a").click()
    expect(page.locator(".c-sign__drawn polyline")).to_have_count(3)
    desk.look(f"one consent, {language}")
    with page.expect_download() as taken:
        desk.presses(re.compile(f"^{says('Receipt')}"))
    assert taken.value.suggested_filename.endswith(".pdf")

    # Stopped in one step; it is not asked again at once.
    desk.presses(says("Withdraw now"))
    expect(row).to_contain_text(says("Withdrawn"))
    expect(row).to_contain_text(says("Only if the patient asks for it"))
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        said = ConsentEvent.objects.filter(patient_id=who, consent__purpose=about)
        assert [one.kind for one in said.order_by("given_at")] == ["granted", "withdrawn"]
