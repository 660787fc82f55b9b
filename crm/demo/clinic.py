"""Opening the demo clinic: rooms, people who work there, patients with a year of history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.demo import (
    accounts,
    appointments,
    asked,
    asking,
    billing,
    campaigns,
    consents,
    conversations,
    erasures,
    feedback,
    followups,
    ground,
    histories,
    households,
    leads,
    notes,
    notices,
    registers,
    reminding,
    wills,
)
from crm.demo.chart import SYSTEM
from crm.demo.people import Person
from crm.demo.roster import PEOPLE
from crm.demo.staff import (
    ACCOUNTS,
    DOCTORS,
    DOMAIN,
    EMPLOYEES,
    KNOWN_PHRASE,
    PORTAL,
    ROOMS,
    Account,
)
from patients.fhir import bundle as bundles
from patients.models import CareRelationship, PortalAccount, Practitioner, StaffLink
from patients.services import codelists, imports, relationships, staff_links
from patients.services.relationships import Wanted
from security import trail
from security.models import Unit, User
from security.services import clearances, clinics, roles, units, users

# What takes a noticeable time, told as it is done: accounts and patients.
STEPS = len(ACCOUNTS) + len(PEOPLE) + len(PORTAL)
# Known to everybody, in the README as well.
PASSWORD = KNOWN_PHRASE
Tell = Callable[[], object]


@dataclass
class Clinic:
    """What was opened so far, by the short names that the roster uses."""

    rooms: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    patients: dict[str, UUID] = field(default_factory=dict)


@transaction.atomic
def open_clinic(*, tell: Tell) -> Clinic:
    """Open the whole clinic or nothing of it: an interrupted run leaves an empty database."""
    ground.require_debug()
    ground.require_empty()
    clinic = Clinic()
    codelists.load_shipped()
    for key, room in ROOMS.items():
        clinic.rooms[key] = units.create(
            name=room.name,
            name_zh=room.name_zh,
            kind=room.kind,
            parent=clinic.rooms.get(room.parent),
            by=None,
        )
    describe(clinic.rooms["clinic"])
    for account in ACCOUNTS:
        clinic.people[account.handle] = engage(account, clinic)
        tell()
    list_doctors(clinic)
    for person, tree in histories.bundles(timezone.localdate(), timezone.get_default_timezone()):
        clinic.patients[person.key] = register(person, bundles.read(tree), clinic)
        households.record(person, clinic.patients[person.key])
        tell()
    give_responsibility(clinic)
    billing.open_desk(clinic.patients, clerk=clinic.people["finance1"])
    notes.write(clinic.patients, clinic.people)
    for handle, key in PORTAL.items():
        open_portal(handle, key, clinic)
        tell()
    link_employees(clinic)
    wills.say(clinic.patients, clinic.people)
    consents.take_down(
        list(clinic.patients.values()),
        officer=clinic.people["compliance_officer1"],
        desk=clinic.people["receptionist1"],
    )
    asking.ask(clinic.people, asked_about(clinic))
    registers.keep(clinic.people)
    notices.publish(by=clinic.people["compliance_officer1"])
    notices.tell(clinic.patients, by=clinic.people["receptionist1"])
    asked.ask(clinic.people, list(clinic.patients.values()))
    by_account = {handle: clinic.patients[key] for handle, key in PORTAL.items()}
    conversations.write(clinic.rooms, clinic.people, by_account)
    leads.take_in(clinic.people)
    feedback.gather(clinic.people, list(clinic.patients.values()))
    erasures.plan(clinic.people, list(clinic.patients.values()))
    followups.plan(clinic.people)
    campaigns.write(clinic.people)
    appointments.book(clinic.people, list(clinic.patients.values()))
    reminding.remind(list(clinic.patients.values()), clinic.people)
    trail.record(ground.OPENED, counts={"users": len(clinic.people), "patients": len(PEOPLE)})
    return clinic


def describe(unit: Unit) -> None:
    """Say which laws and languages the clinic knows, as its set-up would."""
    profile = clinics.Profile(
        name=unit.name,
        name_zh=unit.name_zh,
        laws=("hipaa", "gdpr", "pipl"),
        languages=("en", "zh-hans"),
        time_zone=settings.TIME_ZONE,
        guardian_age=14,
    )
    clinics.describe(clinic=profile, unit=unit, by=None)


def engage(account: Account, clinic: Clinic) -> User:
    """Give a colleague an account, a role, a second factor, a desk and the own care teams."""
    user = users.create(
        kind=User.Kind.STAFF,
        display_name=account.name,
        email=account.email,
        password=PASSWORD,
        by=None,
    )
    roles.grant(user=user, role=account.role, by=None)
    accounts.give_factor(user=user)
    for room in (account.unit, *account.teams):
        units.join(user=user, unit=clinic.rooms[room], by=None)
    if account.cleared:
        clearances.grant(user=user, reason="Infectious diseases clinic 感染科门诊", by=None)
    found: User = User.objects.get(pk=user.pk)
    return found


def list_doctors(clinic: Clinic) -> None:
    """Enter the doctors before their visits, so that visits become relationships."""
    tree = histories.directory(timezone.localdate(), timezone.get_default_timezone())
    imports.bring_in(bundle=bundles.read(tree))
    for doctor in DOCTORS.values():
        if doctor.account:
            row = Practitioner.objects.get(identity=f"{SYSTEM}/staff|{doctor.number}")
            row.user = clinic.people[doctor.account]
            row.save()
            trail.record("patients.practitioner.linked", changed=[row], obj=row)


def register(person: Person, bundle: bundles.Bundle, clinic: Clinic) -> UUID:
    """Bring one patient in, the way in which every patient comes in."""
    outcome = imports.bring_in(bundle=bundle, team=clinic.rooms.get(person.team))
    return outcome.patients[0]


def give_responsibility(clinic: Clinic) -> None:
    """Make doctors responsible for their patients; those of the one who left wait at the desk."""
    wanted = [
        Wanted(
            clinic.people[DOCTORS[person.doctor].account].pk,
            clinic.patients[person.key],
            CareRelationship.Source.RESPONSIBLE,
        )
        for person in PEOPLE
        if DOCTORS[person.doctor].account
    ]
    relationships.grant_many(wanted=wanted, by=None)


def link_employees(clinic: Clinic) -> None:
    """Keep the colleagues who are patients out of their own records."""
    for handle, key in EMPLOYEES.items():
        if key in clinic.patients:
            staff_links.declare(
                patient_id=clinic.patients[key],
                colleague=clinic.people[handle],
                kind=StaffLink.Kind.SELF,
                by=None,
            )


def asked_about(clinic: Clinic) -> list[UUID]:
    """Return the patients whom the first doctor alone cares for, as the roster lists them."""
    alone = {"chronic", ""}
    return [
        clinic.patients[person.key]
        for person in PEOPLE
        if DOCTORS[person.doctor].account == "physician1"
        and person.team in alone
        and person.confidentiality == "normal"
    ]


def open_portal(handle: str, key: str, clinic: Clinic) -> None:
    """Give a patient an account for the own record."""
    person = next(one for one in PEOPLE if one.key == key)
    user = users.create(
        kind=User.Kind.PATIENT,
        display_name=person.shown,
        email=f"{handle}@{DOMAIN}",
        password=PASSWORD,
        by=None,
    )
    accounts.give_factor(user=user)
    row = PortalAccount(
        user=user, patient_id=clinic.patients[key], capacity=PortalAccount.Capacity.SELF
    )
    row.save()
    trail.record(
        "patients.portal.opened", subjects=[user.pk, row.patient_id], changed=[row], obj=row
    )
    clinic.people[handle] = user
