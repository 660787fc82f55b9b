from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from patients.models import Condition, Patient
from security import context, trail
from security.models import User


@pytest.fixture
def staff(system: context.Context) -> User:
    user = User(display_name="Zhao Lin", email="zhao@clinic.example")
    user.save()
    return user


@pytest.fixture
def acting(staff: User) -> Iterator[context.Context]:
    with trail.acting_for(actor=staff, purpose="TREAT") as here:
        here.roles = ("nurse", "physician")
        here.address, here.user_agent = "203.0.113.9", "Mozilla/5.0"
        here.session_ref, here.device_ref, here.route = "s-1", "d-1", "patients:show"
        here.basis = "care relationship"
        yield here


@pytest.fixture
def patient(system: context.Context) -> Patient:
    return Patient.objects.create(
        names=[{"family": "Ōkami", "given": ["Rin"]}], birth_on=date(1985, 2, 28), sex="female"
    )


@pytest.fixture
def conditions(patient: Patient) -> list[Condition]:
    return Condition.objects.bulk_create(
        [Condition(patient=patient, code_text=f"Finding {number}") for number in range(10)]
    )
