"""An officer takes in a request, has it shown who asks, answers it, and looks at the desk in Chinese."""

from __future__ import annotations

import pytest

from consent.models import RightsRequest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = "/consent/requests/"


def test_an_officer_answers_a_request_and_looks_at_the_desk_in_both_languages(doors, clinic):
    patient_id = next(iter(clinic.patients.values()))
    officer = doors.open()
    page = officer.page
    officer.is_signed_in("compliance_officer1")
    officer.goes(f"/patients/{patient_id}/access/")
    page.get_by_role("link", name="Take in a request").click()
    page.locator("select[name=kind]").select_option("portability")
    page.locator("textarea[name=asked]").fill("An electronic copy, please.")
    officer.look("new request")
    officer.presses("Note the request")
    officer.sees("The request is noted as")
    officer.sees("What to do next")
    page.locator("summary", has_text="Note who it is").click()
    page.locator("input[name=shown]").fill("Identity card, seen at the desk")
    officer.presses("It was shown who asks")
    officer.sees("It is noted who asks.")
    page.locator("summary", has_text="Answer the request").click()
    officer.look("request")
    officer.shoots("requests-1-request")
    page.get_by_label("Granted", exact=True).check()
    page.locator("textarea[name=words]").fill("The copy is enclosed.")
    page.locator("input[name=is_elsewhere]").check()
    officer.presses("Answer")
    officer.sees("Its letter is ready below")
    row = RightsRequest.objects.latest("noted_at")
    assert row.state == RightsRequest.State.GRANTED

    reader = doors.open(locale="zh-CN", color_scheme="dark")
    reader.is_signed_in("compliance_officer2")
    reader.goes(DESK)
    reader.sees("权利请求台")
    reader.look("rights desk")
    reader.shoots("requests-2-desk")
    reader.goes(f"{DESK}{row.pk}/")
    reader.look("answered request")
    reader.goes("/consent/calendar/?year=2026")
    reader.sees("国务院公布")
    reader.look("calendar")
