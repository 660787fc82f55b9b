"""A coordinator builds a segment, sees who is left out, gets agreement, sends, and reads the results."""

from __future__ import annotations

import pytest

from engagement import tasks
from engagement.models import Campaign, ContactRule
from security import trail
from tests.engagement import campaigning

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def by_email(settings):
    settings.DELIVERY_CHANNELS = {"email": "security.delivery.channels.EmailChannel"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_a_campaign_from_its_segment_to_its_results_in_both_languages(doors, clinic):
    ContactRule.objects.update(quiet_from="00:00", quiet_until="00:00")
    keeper = doors.open()
    page = keeper.page
    keeper.is_signed_in("engagement1")
    keeper.goes("/engagement/segments/new/")
    page.locator("#id_name").fill("Grown-ups")
    page.locator("#id_age_from").fill("18")
    keeper.look("segment builder")
    keeper.shoots("campaigns-1-builder")
    keeper.presses("Save")
    page.locator("#id_lane").select_option("marketing")
    keeper.presses("Work out now")
    keeper.sees("Never allowed this purpose")
    keeper.look("segment")
    keeper.shoots("campaigns-2-segment")

    keeper.goes("/engagement/campaigns/new/?page=tip-codes")
    page.locator("#id_segment").select_option(label="Grown-ups")
    page.locator("#id_lane").select_option("marketing")
    page.locator("#id_name").fill("Journey")
    keeper.look("campaign form")
    keeper.shoots("campaigns-3-form")
    keeper.presses("Save")
    keeper.sees("Nothing was found.")
    keeper.presses("Lay before a colleague")
    keeper.sees("Nobody agrees to what they wrote.")
    keeper.look("campaign")
    keeper.shoots("campaigns-4-submitted")
    row = Campaign.objects.get(name="Journey")
    address = f"/engagement/campaigns/{row.pk}/"

    officer = doors.open(locale="zh-CN", color_scheme="dark")
    officer.is_signed_in("compliance_officer2")
    officer.goes("/engagement/campaigns/")
    officer.sees("待批准")
    officer.look("campaigns")
    officer.shoots("campaigns-5-list")
    officer.goes(address)
    officer.presses("批准", exact=True)
    officer.sees("已批准")

    for _turn in range(2):
        tasks.work_on_campaigns()
        with trail.acting_for(system="tests", purpose="HOPERAT"):
            campaigning.deliver()
    tasks.work_on_campaigns()
    keeper.goes(address)
    keeper.sees("Left out, and why")
    keeper.look("results")
    keeper.shoots("campaigns-6-results")
    officer.goes(address)
    officer.sees("从未同意此目的")
    officer.shoots("campaigns-7-results")
    for place, words in (
        ("recipients", "从未同意此目的"),
        ("../limits", "免打扰"),
        ("../library", "文库"),
    ):
        officer.goes(f"{address}{place}/")
        officer.sees(words)
        officer.look(place)
        officer.shoots(f"campaigns-8-{place.strip('./')}")
