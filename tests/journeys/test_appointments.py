"""The front desk books a free time by keyboard and checks in who has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from playwright.sync_api import expect

from engagement.models import Appointment, Reminder, Service
from security import trail
from tests.engagement import booking

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LANGUAGES = {"en": "en-GB", "zh-hans": "zh-CN"}


def expected(clinic):
    """Return an appointment of this moment, whatever the hour."""
    now = timezone.now()
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        today = Appointment.objects.filter(starts_at__date=now.date())
        Reminder.objects.filter(appointment__in=today).delete()
        today.delete()
        return Appointment.objects.create(
            patient_id=clinic.patients["ouyang-xuemei"], service=Service.objects.first(),
            clinician=clinic.people["physician1"], starts_at=now, ends_at=now + timedelta(minutes=20),
        )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_books_and_checks_in(doors, clinic, language):
    desk = doors.open(locale=LANGUAGES[language])
    page = desk.page
    desk.is_signed_in("receptionist1")

    def says(text):
        with translation.override(language):
            return translation.gettext(text)

    # A day on which everybody works, past the absence of the demo.
    day = timezone.localdate() + timedelta(days=7)
    day += timedelta(days=(booking.MONDAY.weekday() - day.weekday()) % 7)
    desk.goes(f"/engagement/appointments/?day={day}")
    desk.look(f"day of the calendar, {language}")
    # Arrows lead from one column to the other and back; Enter opens.
    free = page.locator("a.c-slot--free")
    free.last.focus()
    column = "document.activeElement.closest('section').getAttribute('aria-labelledby')"
    before = page.evaluate(column)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(column) != before
    free.last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/whom/**")
    page.keyboard.type("Ouyang")
    page.keyboard.press("Enter")
    page.locator("main .c-list .c-item__text").first.click()
    page.wait_for_url("**/appointments/book/**")
    if not page.locator("[name=slot]").count():
        page.locator("[name=service]").select_option(index=1)
        page.locator(".c-looking button").click()
    expect(page.locator("[name=slot]:checked")).to_have_count(1)
    desk.look(f"booking, {language}")
    page.locator("[name=note]").fill("Interpreter")
    page.get_by_role("button", name=says("Book"), exact=True).click()
    expect(page.locator("main")).to_contain_text(says("Booked."))
    expect(page.locator("main")).to_contain_text("Interpreter")

    row = expected(clinic)
    desk.goes("/engagement/appointments/today/")
    desk.look(f"board, {language}")
    page.get_by_role("button", name=says("Check in")).first.click()
    expect(page.locator(".c-board__group--here .c-count")).to_have_text("1")
    page.get_by_role("button", name=says("Take in")).first.click()
    page.get_by_role("button", name=says("Done")).first.click()
    expect(page.locator(".c-board__group--done .c-count")).to_have_text("1")
    row.refresh_from_db()
    assert row.state == Appointment.State.FULFILLED
