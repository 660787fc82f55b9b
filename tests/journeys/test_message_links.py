"""A patient with a telephone: confirms an appointment and ends messages by link, without signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation
from playwright.sync_api import expect

from consent.models import Consent, ProcessingPurpose
from engagement.models import Appointment, Service
from engagement.queries.addresses import link_to
from engagement.services import links
from patients.models import Patient
from security import trail
from security.ids import new_id
from tests import consenting
from tests.journeys.visitor import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LANGUAGES = {"en": "en-GB", "zh-hans": "zh-CN"}


def issued(clinic):
    """Return an appointment of a patient, a consent of the same, and the way into each."""
    patient_id = clinic.patients["ouyang-xuemei"]
    starts_at = timezone.now() + timedelta(days=3)
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        row = Appointment.objects.create(
            patient_id=patient_id, service=Service.objects.create(name=f"Visit {new_id().hex}"),
            clinician=clinic.people["physician1"], starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
        )  # fmt: skip
        said = consenting.allow(
            Patient.objects.get(pk=patient_id), of=ProcessingPurpose.objects.get(key="marketing")
        )
        tokens = [
            links.issue(
                kind=kind, subject_id=patient_id, target_id=target, expires_at=starts_at,
                purpose="marketing" if target is None else "", channel="email", by=None,
            )
            for kind, target in (("appointment", row.pk), ("opt_out", None))
        ]  # fmt: skip
    return row, said.consent_id, tokens


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_patient_confirms_and_ends_messages_by_link(doors, clinic, language):
    row, consent_id, (comes, stop) = issued(clinic)
    person = doors.open(locale=LANGUAGES[language])
    page = person.page
    page.set_viewport_size(PHONE)

    def path(name, token):
        return link_to(name, token).partition("//")[2].partition("/")[2]

    def says(text):
        with translation.override(language):
            return translation.gettext(text)

    # The token leaves the address at once; looking changes nothing.
    person.goes(f"/{path('answer', comes)}")
    assert comes not in page.url
    person.look(f"answer, {language}")
    assert Appointment.objects.get(pk=row.pk).confirmed_at is None
    page.get_by_role("button", name=says("I will come")).click()
    expect(page.get_by_text(says("You said that you come"))).to_be_visible()
    assert Appointment.objects.get(pk=row.pk).confirmed_at is not None

    person.goes(f"/{path('opt_out', stop)}")
    assert stop not in page.url
    person.look(f"opt-out, {language}")
    page.get_by_role("button", name=says("End these messages")).click()
    expect(page.get_by_text(says("It is taken down"))).to_be_visible()
    assert Consent.objects.get(pk=consent_id).state == "withdrawn"
    assert not person.problems, person.problems
