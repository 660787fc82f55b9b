"""An officer reviews an emergency access, opens a case, reads the chart inside it, closes it and is out again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from audit import tasks
from audit.models import Review
from patients.models import CareRelationship, Condition
from security import trail
from security.ids import new_id
from tests.audit import reviewing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reviewed(clinic):
    """An emergency access of a nurse to a chart outside her teams, put up for review; the patient's id."""
    nurse = clinic.people["nurse2"]
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        held = CareRelationship.objects.in_force().filter(user=nurse).values("patient_id")
        ours = Condition.objects.filter(patient__confidentiality="normal").exclude(
            patient_id__in=held
        )
        patient = ours.select_related("patient").order_by("patient_id").first().patient
        event = reviewing.glass(nurse, patient, bond=new_id().hex)
    tasks.gather_reviews()
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        return patient.pk, Review.objects.get(event_id=event.pk).pk


def test_an_officer_reviews_opens_a_case_reads_and_closes_it(doors, reviewed):
    patient_id, review_id = reviewed
    chart = f"/patients/{patient_id}/clinical/"
    officer = doors.open()
    officer.expected |= {403}
    page = officer.page
    officer.is_signed_in("compliance_officer1")
    officer.goes(chart)
    officer.sees("This patient is not among those your role reaches")

    officer.goes("/audit/reviews/")
    officer.look("reviews")
    officer.shoots("cases-1-reviews")
    page.locator(f'a[href="/audit/reviews/{review_id}/"]').click()
    officer.sees(reviewing.WHY)
    officer.look("review")
    officer.shoots("cases-2-review")
    page.get_by_role("link", name="Open a case").first.click()
    page.locator("textarea[name=question]").fill("Was this emergency an emergency?")
    officer.look("new case")
    officer.presses("Open the case")
    officer.sees("The case is open")
    officer.look("case")
    officer.shoots("cases-3-case")
    case = page.url

    officer.goes(chart)
    officer.sees("a case is open")
    officer.shoots("cases-4-chart")
    officer.goes(f"/patients/{patient_id}/access/")
    expect(page.locator("#who-saw-rows > li").first).to_be_visible()
    officer.look("access of an officer")
    officer.shoots("cases-5-access")

    officer.goes(f"/audit/reviews/{review_id}/")
    page.get_by_label("Justified", exact=True).check()
    page.locator("textarea[name=finding]").fill("The ward confirms it")
    officer.presses("Close the review")
    officer.sees("Patient told")
    officer.goes(case)
    page.locator("textarea[name=outcome]").fill("It was one, as the ward confirms")
    officer.presses("Close the case")
    officer.sees("the access ended with it")
    officer.goes(chart)
    officer.sees("This patient is not among those your role reaches")


def test_the_trail_is_searched_and_a_pseudonym_resolved(doors, reviewed):
    patient_id, _review_id = reviewed
    officer = doors.open(locale="zh-CN", color_scheme="dark")
    page = officer.page
    officer.is_signed_in("compliance_officer1")
    officer.goes(f"/audit/trail/?subject={patient_id}")
    page.locator("select[name=action]").select_option("patients.glass.opened")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("#event-rows > li").first).to_contain_text("紧急")
    officer.look("trail")
    officer.shoots("cases-6-trail")
    page.locator("#event-rows > li a").first.click()
    officer.look("event")
    officer.shoots("cases-7-event")
    page.locator(f'a[href="/audit/trail/subjects/{patient_id}/"]').click()
    page.locator("textarea[name=reason]").fill("患者询问谁看过病历")
    officer.look("pseudonym")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("#resolved-name")).to_have_text(re.compile(r"\S{2,}"))
    officer.goes(f"/patients/{patient_id}/disclosures/note/")
    officer.look("disclosure")
    officer.shoots("cases-8-disclosure")
    officer.goes(f"/patients/{patient_id}/disclosures/")
    officer.look("accounting")
    officer.goes(f"/audit/who-saw/{patient_id}/question/")
    officer.look("question")
