"""Masked numbers: revealed one at a time, behind a fresh factor, to who may, and told to the trail."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import Event
from patients.models import Coverage
from tests import consenting
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NUMBER, MEMBER = "110101198502281234", "MEMBER-00777001"


@pytest.fixture
def mia():
    return cast.patient(
        record_number="AH-1",
        identifiers=[
            {"type": {"coding": [{"code": "NI"}]}, "value": NUMBER},
            {"type": {"coding": [{"code": "PPN"}]}, "value": "P0000777"},
        ],
    )


@pytest.fixture
def coverage(mia):
    return Coverage.objects.create(patient=mia, payer_text="Fund", member_number=MEMBER)


@pytest.fixture
def desk():
    return cast.browser(cast.staff("receptionist"))


def ask(client, patient, field, **headers):
    url = reverse("patients:reveal", args=[patient.pk])
    return client.post(url, {"field": field}, headers=headers)


def test_a_number_is_shown_in_its_place_and_recorded_without_itself(mia, desk):
    response = ask(desk, mia, "identifiers.0", **{"HX-Request": "true"})
    assert response.status_code == 200
    assert NUMBER in response.content.decode()
    assert b"<html" not in response.content
    assert response.headers["Cache-Control"] == "no-store"
    (event,) = cast.events("patients.identifier.revealed")
    assert (event.subjects, event.fields) == ([mia.pk], ["patients.patient.identifiers"])
    assert NUMBER not in str(list(Event.objects.values()))


def test_without_script_it_is_a_page_with_the_way_back(mia, desk):
    response = ask(desk, mia, "identifiers.1")
    text = cast.words(response)
    assert "P0000777" in text
    assert "Passport number" in text
    assert NUMBER not in text
    assert reverse("patients:patient", args=[mia.pk]) in response.content.decode()


def test_an_insurance_number_is_revealed_from_its_own_patient_alone(mia, coverage, desk):
    assert MEMBER in cast.words(ask(desk, mia, f"coverage.{coverage.pk}"))
    assert cast.events("patients.identifier.revealed")[-1].fields == [
        "patients.coverage.member_number"
    ]
    other = cast.patient("Other")
    response = ask(desk, other, f"coverage.{coverage.pk}")
    assert response.status_code == 400
    assert MEMBER not in cast.words(response)


@pytest.mark.parametrize(
    "field",
    [
        "", "identifiers", "identifiers.", "identifiers.9", "identifiers.-1", "identifiers.0.value", "names",
        "telecoms.0", "record_number", "__class__", "coverage.", "coverage.x", "patient.identifiers.0",
        "coverage.01890a5d-ac96-774b-bcce-b302099a8057", "identifiers.0\x00", "' OR 1=1 --", "a" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_patient_is_a_bad_request(mia, coverage, desk, field):
    response = ask(desk, mia, field)
    assert response.status_code == 400
    assert not cast.events("patients.identifier.revealed")
    assert NUMBER not in cast.words(response)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("physician", 403), ("nurse", 403), ("engagement", 403), ("auditor", 403),
        ("administrator", 404), ("compliance_officer", 403),
    ],
)  # fmt: skip
def test_who_may_only_see_a_mask_reveals_nothing(mia, role, status):
    user = cast.staff(role)
    if role in {"physician", "nurse"}:
        cast.care(user, mia)
    if role == "engagement":
        consenting.allow(mia)
    response = ask(cast.browser(user), mia, "identifiers.0")
    assert response.status_code == status
    assert NUMBER not in cast.words(response)
    assert not cast.events("patients.identifier.revealed")


def test_an_officer_reveals_inside_a_case(mia):
    officer = cast.staff("compliance_officer")
    cast.care(officer, mia, source=cast.Source.CASE)
    assert NUMBER in cast.words(ask(cast.browser(officer), mia, "identifiers.0"))


def test_an_old_factor_is_asked_for_again_and_nothing_is_shown(mia, desk):
    cast.stale(desk)
    response = ask(desk, mia, "identifiers.0")
    assert response.status_code == 302
    assert response.url.startswith(reverse("security:step_up"))
    fragment = ask(desk, mia, "identifiers.0", **{"HX-Request": "true"})
    assert fragment.headers["HX-Redirect"].startswith(reverse("security:step_up"))
    assert not cast.events("patients.identifier.revealed")


def test_a_number_is_never_revealed_by_address(mia, desk):
    url = reverse("patients:reveal", args=[mia.pk])
    assert desk.get(url, {"field": "identifiers.0"}).status_code == 405


def test_a_number_whose_seal_is_broken_is_not_shown(mia, desk):
    cast.break_seal(mia, "sealed")
    response = ask(desk, mia, "identifiers.0")
    assert response.status_code == 503
    assert not cast.events("patients.identifier.revealed")
    assert cast.events("security.seal.broken")
