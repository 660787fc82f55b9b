"""The page where consent and rights begin."""

import pytest
from django.urls import reverse

from consent import laws
from security.models import ClinicProfile
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def test_who_works_on_rights_finds_the_page_and_an_administrator_does_not():
    clinic = world.clinic()
    assert clinic.client("officer").get(reverse("consent:home")).status_code == 200
    assert clinic.client("administrator").get(reverse("consent:home")).status_code == 403


def test_every_law_of_a_clinic_has_grounds_and_pipl_knows_no_legitimate_interest():
    assert set(laws.GROUNDS) == set(ClinicProfile.Law)
    assert "interest" not in laws.GROUNDS[ClinicProfile.Law.PIPL]
    assert laws.ground("gdpr", "consent").needs_consent
