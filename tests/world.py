"""The cast of the access tests: sixteen people at one clinic, and two of its patients."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from audit.models import Case, Review
from patients.models import (
    CareRelationship,
    Condition,
    Encounter,
    Invoice,
    Note,
    Patient,
    PortalAccount,
    PriceItem,
)
from patients.services import relationships
from security import sessions
from security.access.gate import FACTOR_AT
from security.ids import new_id
from security.models import TotpFactor, Unit, User
from security.services import roles, users
from tests import consenting

SECRET = "JBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery staple"
# Who they are: name -> (kind of account, role or none, how far signed in).
PRINCIPALS = {
    "anonymous": (None, None, "not"),
    "unverified": ("staff", "physician", "half"),
    "half": ("staff", "physician", "half"),
    "patient": ("patient", None, "whole"),
    "other_patient": ("patient", None, "whole"),
    "proxy": ("patient", None, "whole"),
    "physician": ("staff", "physician", "whole"),
    "other_physician": ("staff", "physician", "whole"),
    "nurse": ("staff", "nurse", "whole"),
    "receptionist": ("staff", "receptionist", "whole"),
    "finance": ("staff", "finance", "whole"),
    "engagement": ("staff", "engagement", "whole"),
    "officer": ("staff", "compliance_officer", "whole"),
    "auditor": ("staff", "auditor", "whole"),
    "administrator": ("staff", "administrator", "whole"),
    "disabled": ("staff", "physician", "whole"),
}
IN_TEAM = {"physician", "nurse"}


@dataclass
class World:
    """One clinic for one test."""

    patient: Patient
    other: Patient
    condition: Condition
    note: Note | None = None
    users: dict[str, User] = field(default_factory=dict)
    factors: dict[str, TotpFactor] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        """Return a browser in which this person is as far signed in as the name says."""
        kind, _, state = PRINCIPALS[name]
        client = Client()
        if kind is None:
            return client
        user = self.users[name]
        if state == "half":
            session = client.session
            session[sessions.HALF] = {
                "user": str(user.pk),
                "at": sessions.now(),
                "proof": user.get_session_auth_hash(),
            }
            session.save()
            return client
        return signed_in(user, self.factors[name], client)


def signed_in(user: User, factor: TotpFactor, client: Client | None = None) -> Client:
    """Return a browser whose session gave both factors just now."""
    client = client or Client()
    client.force_login(user, backend=sessions.BACKEND)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = factor.persistent_id
    session.update(
        dict.fromkeys((FACTOR_AT, sessions.STARTED_AT, sessions.SEEN_AT), sessions.now())
    )
    # As after a sign-in: each session has a bond of its own.
    session[sessions.BOND] = secrets.token_urlsafe(24)
    session.save()
    return client


@transaction.atomic
def person(*held: str, kind: str = "staff", name: str = "Somebody", **fields: object) -> User:
    """Make an account that holds roles."""
    user = User(kind=kind, display_name=name, password=make_password(PASSWORD), **fields)
    with transaction.atomic():
        user.save()
        for role in held:
            roles.grant(user=user, role=role, by=None)
    return User.objects.get(pk=user.pk)


def team(name: str = "Team") -> Unit:
    """Make a care team."""
    with transaction.atomic():
        return Unit.objects.create(name=name, kind=Unit.Kind.TEAM)


def factor_of(user: User) -> TotpFactor:
    """Give an account a confirmed authenticator app."""
    return TotpFactor.objects.create(user=user, name="app", confirmed=True, secret=SECRET)


@transaction.atomic
def clinic() -> World:
    """Make the clinic: the physician and the nurse care for the patient, the other physician does not."""
    patient = Patient.objects.create(
        names=[{"family": "Muster", "given": ["Mia"]}], birth_on=date(1980, 5, 1), sex="female",
        record_number="P-1", identifiers=[{"system": "urn:id", "value": "110101199001011234"}],
        telecoms=[{"system": "phone", "value": "+8613800138000"}],
    )  # fmt: skip
    other = Patient.objects.create(names=[{"text": "王芳"}], birth_on=date(1990, 1, 1))
    encounter = Encounter.objects.create(
        patient=patient, occurred_at=timezone.now(), type_text="Visit", status="finished"
    )
    condition = Condition.objects.create(
        patient=patient, encounter=encounter, code_text="Asthma", occurred_at=timezone.now()
    )
    world = World(patient, other, condition)
    for name, (kind, role, state) in PRINCIPALS.items():
        if kind is None:
            continue
        user = person(*([role] if role else []), kind=kind, name=name)
        world.users[name] = user
        if state == "whole":
            world.factors[name] = factor_of(user)
    world.note = Note.objects.create(
        patient=patient, author=world.users["physician"], template="free", title="Phone call",
        sections={"text": "Called back"}, occurred_at=timezone.now(),
    )  # fmt: skip
    for name in IN_TEAM | {"disabled"}:
        relationships.grant(
            user=world.users[name],
            patient_id=patient.pk,
            source=CareRelationship.Source.RESPONSIBLE,
            by=None,
        )
    users.deactivate(user=world.users["disabled"], by=world.users["administrator"])
    links = (
        ("patient", patient, "self"),
        ("other_patient", other, "self"),
        ("proxy", patient, "guardian"),
    )
    # Whoever keeps in touch reaches those alone who agreed to it.
    consenting.allow(patient, other)
    PortalAccount.objects.bulk_create(
        PortalAccount(user=world.users[name], patient=whose, capacity=capacity)
        for name, whose, capacity in links
    )
    return world


def review(clinic: World) -> Review:
    """Make the review of an emergency access to the clinic's patient."""
    now = timezone.now()
    return Review.objects.create(
        event_id=new_id(), actor_id=clinic.users["other_physician"].pk, subject_id=clinic.patient.pk,
        occurred_at=now, due_at=now,
    )  # fmt: skip


def case(clinic: World) -> Case:
    """Make an open case of the officer that names nobody, so that it lets nobody in."""
    officer = clinic.users["officer"]
    return Case.objects.create(
        kind="request",
        number=new_id().hex[:20],
        question="Who?",
        opened_by=officer,
        assigned_to=officer,
    )


def bill(clinic: World) -> Invoice:
    """Make an issued bill of the clinic's patient."""
    return Invoice.objects.create(
        patient=clinic.patient, currency="CNY", total=10, balance=10, status="issued", series="INV",
        year=2026, sequence=1, issued_on=timezone.localdate(), due_on=timezone.localdate(), lines=[],
    )  # fmt: skip


def price() -> PriceItem:
    """Make a price that is in force."""
    return PriceItem.objects.create(
        code="CONS", name="Consultation", name_zh="门诊", amount=10, currency="CNY",
        valid_from=timezone.localdate(),
    )  # fmt: skip
