"""Who writes with whom in the tests of conversations: two inboxes, a doctor, a desk, Mia and her mother."""

from __future__ import annotations

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
    """Two inboxes and their people; Mia writes to them, and so does her mother."""

    mia: Patient
    ward: Unit
    desk: Unit
    people: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        """Return somebody by name."""
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


def member(unit: Unit, *roles: str, name: str, email: str = "") -> User:
    """Make a colleague who works in an inbox."""
    user = world.person(*roles, name=name, **({"email": email} if email else {}))
    Membership.objects.create(user=user, unit=unit)
    return user


@transaction.atomic
def clinic() -> Clinic:
    """Make the clinic; the doctor cares for Mia, the nurse only shares the doctor's inbox."""
    ward, desk = world.team("Ward"), world.team("Desk")
    mia = cast.patient(
        record_number="R-1", language="zh-CN",
        telecoms=[{"system": "email", "value": "mia@example.org"}],
    )  # fmt: skip
    people = {
        "doctor": member(ward, "physician", name="Doctor", email="doctor@example.org"),
        "nurse": member(ward, "nurse", name="Nurse", email="nurse@example.org"),
        "clerk": member(desk, "receptionist", name="Clerk", email="clerk@example.org"),
        "biller": member(world.team("Bills"), "finance", name="Biller"),
        "keeper": member(desk, "engagement", name="Keeper"),
        "stranger": world.person("physician", name="Stranger"),
        "own": world.person(kind="patient", name="Mia"),
        "mother": world.person(kind="patient", name="Mother", email="mother@example.org"),
        "other": world.person(kind="patient", name="Other"),
    }
    cast.care(people["doctor"], mia)
    for name, whose, capacity in (("own", mia, "self"), ("mother", mia, "guardian"), ("other", cast.patient("Other"), "self")):  # fmt: skip
        PortalAccount.objects.create(user=people[name], patient=whose, capacity=capacity)
    consenting.purpose("portal", grounds=consenting.CARE, uses=["PATRQT"])
    return Clinic(mia, ward, desk, people)


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
