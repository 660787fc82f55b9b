"""The tab that says why: the very decisions, who cares for the patient, what others may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from patients.queries import access
from security.access.decision import decide
from security.models import Clearance, Unit
from security.services import units
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def mia():
    return cast.patient()


def explained(user, patient, **query):
    response = cast.browser(user).get(reverse("patients:access", args=[patient.pk]), query)
    return response, response.context["access"]


@pytest.mark.parametrize("role", ["physician", "nurse", "receptionist", "finance", "auditor"])
def test_every_category_shows_the_decision_itself(mia, role):
    user = cast.staff(role)
    if role in {"physician", "nurse"}:
        cast.care(user, mia)
    _response, shown = explained(user, mia)
    with cast.acting(user) as here:
        for line, (category, permissions) in zip(
            shown["decisions"], access.READING.items(), strict=True
        ):
            made = [decide(user, one, mia.pk, here.purpose) for one in permissions]
            assert line["allowed"] is any(one.is_reachable for one in made), category
            best = next((one for one in made if one.is_reachable), made[0])
            assert line["reason"] == best.reason


def test_the_words_say_ground_rule_and_purpose(mia):
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    response, shown = explained(doctor, mia)
    text = cast.words(response)
    assert str(shown["purpose"]) == "Treatment"
    assert "you are responsible for this patient" in text
    assert "Specially protected records need a named clearance." in text
    with transaction.atomic():
        Clearance.objects.create(user=doctor, reason="named")
    lines = {str(line["label"]): line for line in explained(doctor, mia)[1]["decisions"]}
    assert lines["Specially protected records"]["allowed"]
    assert lines["ID and insurance numbers, masked"]["allowed"]


def test_a_confidential_chart_says_that_it_needs_a_fresh_code():
    vip = cast.patient(confidentiality="vip")
    response, shown = explained(cast.staff("receptionist"), vip)
    assert shown["decisions"][0]["step_up"]
    assert str(shown["decisions"][0]["basis"]) == "your role"
    assert "with a fresh code" in cast.words(response)


def test_those_who_care_are_named_with_source_time_and_giver(mia):
    doctor, nurse, desk = cast.staff("physician"), cast.staff("nurse"), cast.staff("receptionist")
    with transaction.atomic():
        ward = units.create(name="North ward", kind=Unit.Kind.TEAM, by=None)
    now = timezone.now()
    with cast.acting(desk):
        cast.care(doctor, mia, ends_at=now + timedelta(days=3))
    past = nurse.care_relationships.model(
        user=nurse, patient=mia, source="team", unit=ward, granted_by=desk,
        starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=2),
    )  # fmt: skip
    past.save()
    shown = explained(doctor, mia)[1]["relationships"]
    assert [(row["who"], row["active"]) for row in shown] == [
        ("The physician", True),
        ("The nurse", False),
    ]
    assert (shown[1]["role"], shown[1]["granted_by"]) == ("North ward", "The receptionist")
    banner = cast.browser(doctor).get(reverse("patients:patient", args=[mia.pk])).context["banner"]
    assert banner["basis"]["until"]


def test_who_sees_the_person_masked_is_not_told_who_cares(mia):
    cast.care(cast.staff("physician"), mia)
    consenting.allow(mia)
    response, shown = explained(cast.staff("engagement"), mia)
    assert shown["relationships"] == []
    text = cast.words(response)
    assert "The physician" not in text
    assert "Not shown to whoever sees the person masked." in text
    assert "no responsible doctor" not in text


def test_who_may_know_is_told_that_nobody_cares_yet(mia):
    response, _shown = explained(cast.staff("receptionist"), mia)
    assert "Nobody yet: this patient has no responsible doctor." in cast.words(response)


def test_what_other_roles_may_is_the_policy_itself(mia):
    shown = {
        str(row["role"]): row["text"]
        for row in explained(cast.staff("receptionist"), mia)[1]["others"]
    }
    assert "Administrator" not in shown
    assert "Clinical record" in shown["Physician"]
    assert "people in one's care" in shown["Physician"]
    assert "Clinical record" not in shown["Finance clerk"]
    assert "Name and contact, masked" in shown["Engagement coordinator"]


def test_a_colleague_whose_name_is_broken_is_shown_by_the_handle(mia):
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    cast.break_seal(doctor)
    shown = explained(cast.staff("receptionist"), mia)[1]["relationships"]
    assert shown[0]["who"] == doctor.handle
