from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError
from django.db import transaction
from django.test import override_settings

from crm.demo import accounts, ground
from crm.demo.staff import ACCOUNTS
from patients.models import CareRelationship, Encounter, Observation, Patient
from patients.queries import waiting
from security import trail
from security.models import Unit, User
from security.services import units, users
from tests.crm.small_demo import FEW, QUICK_HASHES, few_patients, run


@pytest.fixture
def debug(settings: Any) -> None:
    settings.DEBUG = True


@pytest.fixture
def few() -> Iterator[None]:
    with few_patients():
        yield


def test_without_debug_nothing_is_opened(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        run("demo")
    assert not User.objects.exists()


def test_a_database_with_somebody_in_it_is_refused(db, debug, system):
    users.create(kind="staff", display_name="Somebody", email="one@clinic.example", by=None)
    with pytest.raises(CommandError, match="not of the demo"):
        run("demo")
    assert User.objects.count() == 1
    assert not ground.is_open()


def test_a_database_with_a_patient_or_a_unit_in_it_is_refused(db, debug, system):
    with transaction.atomic():
        Patient.objects.create(names=[{"text": "Somebody"}])
        with pytest.raises(ground.NoDemoHere):
            ground.require_empty()
        transaction.set_rollback(True)
    units.create(name="Ward", kind="department", by=None)
    with pytest.raises(ground.NoDemoHere):
        ground.require_empty()


def test_an_interrupted_run_leaves_nothing(db, debug, few):
    calls = iter(range(3 + len(ACCOUNTS)))

    def stop(_bar: Any, *_args: Any) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt

    with (
        mock.patch("crm.management.commands.demo.tqdm.update", stop),
        pytest.raises(CommandError, match="nothing of the demo was kept"),
    ):
        run("demo")

    assert not User.objects.exists()
    assert not Patient.objects.exists()
    assert not Unit.objects.exists()
    assert not ground.is_open()
    assert f"{len(FEW)} patients" in run("demo")


def test_accounts_are_not_told_before_the_clinic_is_open(db, debug):
    with pytest.raises(CommandError, match="not open"):
        run("demo", "--accounts")


def test_codes_are_told_after_the_clinic_opened_alone(db, debug):
    with pytest.raises(CommandError, match="not open"):
        run("demo_code", "nurse1")


@pytest.mark.slow
def test_the_whole_clinic_holds_sixty_patients_with_their_year(db, debug):
    with override_settings(PASSWORD_HASHERS=QUICK_HASHES):
        told = run("demo")
    assert "60 patients" in told
    assert Patient.objects.count() == 60
    assert Encounter.objects.count() > 250
    assert Observation.objects.count() > 1500
    source = CareRelationship.Source
    counts = {one: CareRelationship.objects.filter(source=one).count() for one in source.values}
    assert counts[source.RESPONSIBLE] == 55
    assert counts[source.IMPORT] > 55
    assert counts[source.TEAM] > 40
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        assert waiting.without_carer(accounts.find("receptionist1")).count() == 5
    assert Patient.objects.filter(confidentiality="vip").count() == 1
    assert Patient.objects.filter(confidentiality="employee").count() == 1
