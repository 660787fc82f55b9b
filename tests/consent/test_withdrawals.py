"""Withdrawn by four routes while a page is open and a job waits: the next decision and the job refuse.

The deeds that write consents stand elsewhere; here their rows are written, and decisions forgotten, as they do.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import shared_task
from django.utils import timezone

from consent.models import Consent, ConsentEvent
from consent.queries.standing import may
from patients.models import Patient
from security import context, trail
from security.access.decision import decide
from security.access.permissions import Permission
from security.classification import Category
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
SENT: list[str] = []


@shared_task(name="tests.consent.write_to")
def write_to(patient_id: str, user_id: str) -> bool:
    """Stand for a job that writes to somebody: it asks anew as it runs, never what was known when it was queued."""
    user = world.User.objects.get(pk=user_id)
    with trail.acting_for(actor=user, purpose="HMARKT"):
        patient = Patient.objects.get(pk=patient_id)
        reached = decide(user, Permission.MESSAGES_WRITE, patient.pk, "HMARKT")
        answer = may(patient, "marketing", "email")
        if not (reached.allowed and answer.allowed):
            return False
        SENT.append(patient_id)
        return True


def said(row, state, method, capacity="self"):
    """Write what a deed writes: the event, and where the consent stands now."""
    event = ConsentEvent.objects.create(
        consent=row, patient=row.patient, kind=state, given_at=timezone.now(), method=method,
        capacity=capacity,
    )  # fmt: skip
    row.state = state
    row.save()
    consenting.forget()
    return event


def by_staff(row):
    return said(row, "withdrawn", "verbal")


def by_portal(row):
    owner = world.person(kind="patient")
    with trail.acting_for(actor=owner, purpose="PATRQT"):
        return said(row, "withdrawn", "tick")


def by_paper(row):
    return said(row, "withdrawn", "paper")


def by_expiry(row):
    row.until = timezone.now()
    row.save()
    return said(row, "expired", "system", "system")


def by_the_clock(row):
    row.until = timezone.now()
    row.save()
    consenting.forget()
    return row.events.get()


def by_the_guardians_end(row):
    return said(row, "withdrawn", "paper", "guardian")


ROUTES = [by_staff, by_portal, by_paper, by_expiry, by_the_clock, by_the_guardians_end]


@pytest.mark.parametrize("route", ROUTES)
def test_an_open_page_and_a_waiting_job_get_nothing_any_more(route):
    SENT.clear()
    clinic = world.clinic()
    keeper, patient = clinic.users["engagement"], clinic.patient
    row = Consent.objects.get(patient=patient)
    browser, url = clinic.client("engagement"), f"/patients/{patient.pk}/"
    assert browser.get(url, secure=True).status_code == 200
    # Queued with ids alone; what was known then is not handed on.
    job = write_to.s(str(patient.pk), str(keeper.pk))
    with cast.acting(keeper):
        assert decide(keeper, Permission.MESSAGES_WRITE, patient.pk, "HMARKT").allowed
    event = route(row)
    assert browser.get(url, secure=True).status_code == 403
    with cast.acting(keeper):
        made = decide(keeper, Permission.MESSAGES_WRITE, patient.pk, "HMARKT")
    assert (made.allowed, made.source) == (False, event.pk)
    assert job.apply().get() is False
    assert SENT == []
    assert (
        not Patient.objects.visible_to(keeper, Category.DEMOGRAPHICS).filter(pk=patient.pk).exists()
    )


def test_a_job_whose_person_still_agrees_runs():
    SENT.clear()
    clinic = world.clinic()
    assert write_to.delay  # queued by name in the clinic; run here
    assert write_to.s(str(clinic.patient.pk), str(clinic.users["engagement"].pk)).apply().get()
    assert [str(clinic.patient.pk)] == SENT


def test_an_objection_and_a_restriction_stop_a_waiting_job_as_well():
    clinic = world.clinic()
    job = write_to.s(str(clinic.patient.pk), str(clinic.users["engagement"].pk))
    consenting.limit(clinic.patient, "objection", purpose=consenting.purpose())
    assert job.apply().get() is False


def test_what_one_request_remembers_no_other_one_does():
    clinic = world.clinic()
    keeper, patient = clinic.users["engagement"], clinic.patient.pk
    with cast.acting(keeper):
        assert decide(keeper, Permission.MESSAGES_WRITE, patient, "HMARKT").allowed
        with trail.acting_for(system="another request", purpose="HOPERAT"):
            by_staff(Consent.objects.get(patient=patient))
        # The memo of this one request is older than the withdrawal; the next one asks.
        assert not may(patient, "marketing", "email").allowed
    with cast.acting(keeper):
        assert not decide(keeper, Permission.MESSAGES_WRITE, patient, "HMARKT").allowed


def test_a_job_of_many_batches_forgets_between_them():
    clinic = world.clinic()
    keeper, patient = clinic.users["engagement"], clinic.patient.pk
    with cast.acting(keeper) as here:
        assert decide(keeper, Permission.MESSAGES_WRITE, patient, "HMARKT").allowed
        Consent.objects.filter(patient=patient).update(until=timezone.now() - timedelta(seconds=1))
        here.forget_decisions()
        assert not decide(keeper, Permission.MESSAGES_WRITE, patient, "HMARKT").allowed
    assert context.find() is not None
