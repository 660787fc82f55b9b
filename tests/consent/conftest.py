"""Who discloses what of whom: a patient, the doctor, an officer, an insurance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from patients.models import AllergyIntolerance, Condition
from tests import consenting
from tests.patients import cast

DAY = timedelta(days=1)


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def mia():
    row = cast.patient(record_number="R-1")
    now = timezone.now()
    Condition.objects.create(patient=row, code_text="Asthma", status="active", occurred_at=now)
    Condition.objects.create(
        patient=row, code_text="Old cold", status="resolved", occurred_at=now - 900 * DAY
    )
    AllergyIntolerance.objects.create(patient=row, code_text="Penicillin", occurred_at=now)
    return row


@pytest.fixture
def doctor(mia):
    user = cast.staff("physician")
    cast.care(user, mia)
    return user


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


@pytest.fixture
def insurer():
    return consenting.recipient()
