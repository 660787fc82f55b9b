"""Who writes with whom in the tests of conversations: two inboxes, a doctor, a desk, Mia and her mother."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from engagement.models import Thread
from engagement.services import threads
from engagement.services.threads import Words
from patients.models import Patient, PortalAccount
from security.models import Membership, Unit, User
from tests import consenting, world
from tests.patients import cast


@dataclass
class Clinic:
    """Two inboxes; their people, Mia's mother and others come when they are asked for."""

    mia: Patient
    ward: Unit
    desk: Unit
    people: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        """Return somebody by name."""
        if name not in PEOPLE:
            raise AttributeError(name)
        if name not in self.people:
            self.people[name] = PEOPLE[name](self)
        return self.people[name]


def member(unit: Unit, *roles: str, name: str) -> User:
    """Make a colleague who works in an inbox."""
    user = world.person(*roles, name=name, email=f"{name.lower()}@example.org")
    Membership.objects.create(user=user, unit=unit)
    return user


def account(whose: Patient, name: str, capacity: str = "self") -> User:
    """Make an account that opens a record."""
    user = world.person(kind="patient", name=name, email=f"{name.lower()}@example.net")
    PortalAccount.objects.create(user=user, patient=whose, capacity=capacity)
    return user


PEOPLE: dict[str, Callable[[Clinic], User]] = {
    "doctor": lambda here: member(here.ward, "physician", name="Doctor"),
    "nurse": lambda here: member(here.ward, "nurse", name="Nurse"),
    "clerk": lambda here: member(here.desk, "receptionist", name="Clerk"),
    "biller": lambda here: member(world.team("Bills"), "finance", name="Biller"),
    "keeper": lambda here: member(here.desk, "engagement", name="Keeper"),
    "stranger": lambda here: world.person("physician", name="Stranger"),
    "own": lambda here: account(here.mia, "Mia"),
    "mother": lambda here: account(here.mia, "Mother", "guardian"),
    "other": lambda here: account(cast.patient("Other"), "Other"),
}


@transaction.atomic
def clinic() -> Clinic:
    """Make the clinic; the doctor cares for Mia."""
    mia = cast.patient(
        record_number="R-1", language="zh-CN",
        telecoms=[{"system": "email", "value": "mia@example.org"}],
    )  # fmt: skip
    here = Clinic(mia, world.team("Ward"), world.team("Desk"))
    cast.care(here.doctor, mia)
    consenting.purpose("portal", grounds=consenting.CARE, uses=["PATRQT"])
    return here


def begun(
    here: Clinic, by: User, text: str = "It itches again", unit: Unit | None = None
) -> Thread:
    """Begin a conversation about Mia's skin."""
    return threads.begin(
        patient_id=here.mia.pk, unit_id=(unit or here.ward).pk, subject="Skin", words=Words(text),
        by=by,
    )  # fmt: skip


def answer(row: Thread, by: User, text: str = "Come by tomorrow", **more):
    """Write into a conversation."""
    return threads.reply(thread_id=row.pk, words=Words(text), by=by, **more)
