"""Lists and decisions are two forms of one rule: `visible_to` equals `decide_many` on generated worlds."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import Consent
from patients.models import BreakGlass, CareRelationship, Patient, PortalAccount, StaffLink
from patients.models.visibility import reading
from patients.services import relationships
from security import context
from security.access.decision import decide_many, purposes_of, roles_of
from security.access.roles import ROLES, conflict, emergency_of
from security.classification import Category
from security.models import Clearance, User
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
STAFF = [key for key in ROLES if key != "patient"]
SOURCES = [source for source in CareRelationship.Source.values if source != "team"]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Categories that somebody may read of patients; of the others nobody sees anybody.
READABLE = [category for category in Category if reading(category)]


@contextmanager
def in_session(bond):
    """Act in a session; what was decided outside it is forgotten, and the other way round."""
    here = context.current()
    here.session_bond = bond
    here.forget_decisions()
    yield
    here.session_bond = ""
    here.forget_decisions()


def span(dice):
    """Return a past, present or future stretch of time."""
    now = timezone.now()
    return dice.choice([
        (now - 3 * DAY, now - DAY), (now - DAY, None), (now - DAY, now + DAY), (now + DAY, None),
        (now + DAY, now + 2 * DAY),
    ])  # fmt: skip


def some_patients(dice):
    rows = [
        Patient.objects.create(confidentiality=dice.choice(["normal", "normal", "vip", "employee"]))
        for _number in range(6)
    ]
    if dice.random() < 0.3:
        Patient._base_manager.filter(pk=rows[0].pk).update(merged_into=rows[1])
    return rows


def some_staff(dice, number):
    held = dice.sample(STAFF, dice.randint(0, 3))
    while conflict(held):
        held.pop()
    fields = dice.choice(
        [{}, {}, {}, {"is_active": False}, {"ends_on": timezone.localdate() - DAY}]
    )
    user = world.person(*held, name=f"Person {number}", **fields)
    if dice.random() < 0.5:
        start, end = span(dice)
        Clearance.objects.create(user=user, reason="named", starts_at=start, ends_at=end)
    return user


def relate(dice, users, patients):
    rows = [
        CareRelationship(
            user=dice.choice(users), patient=dice.choice(patients), source=dice.choice(SOURCES),
            starts_at=start, ends_at=end,
        )
        for start, end in (span(dice) for _number in range(9))
    ]  # fmt: skip
    unique = {(row.user_id, row.patient_id, row.source): row for row in rows}
    CareRelationship.objects.bulk_create(unique.values())
    relationships.rebuild(
        patient_ids=[one.pk for one in patients], user_ids=[one.pk for one in users]
    )


def portal(dice, patients):
    users = []
    for number, patient in enumerate(dice.sample(patients, 1)):
        user = world.person(kind="patient", name=f"Patient {number}")
        start, end = span(dice)
        capacity = dice.choice(PortalAccount.Capacity.values)
        PortalAccount.objects.create(
            user=user, patient=patient, capacity=capacity, starts_at=start, ends_at=end
        )
        users.append(user)
    return users


SESSIONS = ["this", "another"]


def break_some_glass(dice, users, patients):
    """Break the glass of some charts, in this session or another, now, before or later."""
    for _number in range(6):
        start, _end = span(dice)
        BreakGlass.objects.create(
            user=dice.choice(users), patient=dice.choice(patients), session=dice.choice(SESSIONS),
            code="other", starts_at=start, ends_at=start + dice.choice([HOUR, 4 * HOUR]),
            reason="generated",
        )  # fmt: skip
        now = timezone.now()
        BreakGlass.objects.create(
            user=dice.choice(users), patient=dice.choice(patients), session=dice.choice(SESSIONS),
            code="other", starts_at=now - HOUR, ends_at=now + HOUR, reason="generated",
        )  # fmt: skip


def link_some_staff(dice, users, patients):
    """Let some of the patients be colleagues, or their family."""
    links = {}
    for user in users:
        start, end = span(dice)
        kind = dice.choice(StaffLink.Kind.values)
        patient = dice.choice(patients)
        # Only one colleague's own record may be open at a time.
        links[patient.pk, end is None] = StaffLink(
            user=user, patient=patient, kind=kind, starts_at=start, ends_at=end
        )
    StaffLink.objects.bulk_create(links.values())


USES = ["HMARKT", "HMARKT", "HOPERAT", "TREAT", "PATADMIN"]


def say_something(dice, patients):
    """Let people allow, withdraw and object to purposes, and have their data restricted or only stored."""
    purposes = [
        consenting.purpose(
            f"purpose-{number}", uses=dice.sample(USES, 2), is_per_channel=dice.random() < 0.5,
            state=dice.choice(["active", "active", "draft", "retired"]),
            grounds=dice.choice([consenting.CARE, consenting.ASKED, consenting.ASKED]),
        )
        for number in range(dice.randint(0, 4))
    ]  # fmt: skip
    asked = [(one, patient) for one in purposes for patient in patients if dice.random() < 0.6]
    Consent.objects.bulk_create(
        Consent(
            purpose=one, patient=patient, channel=dice.choice(["", "email"]), since=start, until=end,
            state=dice.choice(["granted", "granted", "withdrawn", "declined"]),
        )
        for one, patient in asked
        for start, end in [span(dice)]
    )  # fmt: skip
    for patient in dice.sample(patients, 3):
        if dice.random() < 0.6:
            start, end = span(dice)
            consenting.limit(
                patient, dice.choice(["restricted", "storage", "objection", "self_pay"]),
                purpose=dice.choice([None, *purposes]), starts_at=start, ends_at=end,
                categories=dice.choice([[], [], ["clinical"], ["demographics", "billing"]]),
            )  # fmt: skip


def emergencies_of(user, category, patients):
    """Return whom this session opened in an emergency, worked out without the decision."""
    opens = emergency_of(roles_of(user))
    if category not in opens or not user.is_active or user.ends_on:
        return set()
    if category is Category.RESTRICTED and not Clearance.objects.in_force().filter(user=user):
        return set()
    own = StaffLink.objects.in_force().filter(user=user).values("patient_id")
    # Under an emergency as well nobody opens what was merged into another record.
    rows = BreakGlass.objects.in_force().filter(
        user=user, session="this", patient__merged_into=None
    )
    return set(rows.exclude(patient_id__in=own).values_list("patient_id", flat=True))


def decided(user, category, patients):
    """Return whom the decision lets this person know of, by any permission and any own purpose."""
    found = set()
    for permission in reading(category):
        for purpose in purposes_of(user):
            made = decide_many(user, permission, [one.pk for one in patients], str(purpose))
            found |= {one for one, decision in made.items() if decision.is_reachable}
    return found


@pytest.mark.prove(step=1, full=2000)
def test_lists_and_decisions_agree_in_every_generated_world(rounds):
    seen, opened = set(), set()
    for seed in range(rounds):
        dice = Random(seed)
        with transaction.atomic():
            patients = some_patients(dice)
            users = [some_staff(dice, number) for number in range(2)]
            relate(dice, users, patients)
            break_some_glass(dice, users, patients)
            link_some_staff(dice, users, patients)
            say_something(dice, patients)
            users += portal(dice, patients)
            context.current().forget_decisions()
            for user in users:
                for category in READABLE:
                    visible = set(
                        Patient.objects.visible_to(user, category).values_list("pk", flat=True)
                    )
                    assert visible == decided(user, category, patients), (seed, user.pk, category)
                    seen.add(len(visible))
                    # With the session that broke the glass the decision opens more; lists never do.
                    broken = emergencies_of(user, category, patients)
                    with in_session("this"):
                        listed = set(
                            Patient.objects.visible_to(user, category).values_list("pk", flat=True)
                        )
                        assert listed == visible, (seed, user.pk, category)
                        with_glass = decided(user, category, patients)
                    assert with_glass == visible | broken, (seed, user.pk, category)
                    opened.update(broken - visible)
            transaction.set_rollback(True)
    assert {0, 1, 2, 6} <= seen
    assert opened, "some world must hold an emergency that no list shows"


@pytest.mark.parametrize("role", STAFF)
def test_what_is_visible_is_one_query_whatever_the_reach(role):
    user, many = cast.staff(role), cast.patients(3)
    if role in {"physician", "nurse"}:
        cast.care(user, *many)
    with cast.acting(user):
        for category in (Category.DEMOGRAPHICS, Category.CLINICAL, Category.RESTRICTED):
            Patient.objects.visible_to(user, category)
            with CaptureQueriesContext(connection) as made:
                list(Patient.objects.visible_to(user, category).values_list("pk", flat=True))
            assert (
                len([one for one in made.captured_queries if "patients_patient" in one["sql"]]) <= 1
            )


def test_the_wider_of_two_roles_counts_and_nothing_is_found_for_none():
    both, nobody = world.person("physician", "receptionist"), world.person()
    cast.patients(3)
    assert Patient.objects.visible_to(both, Category.DEMOGRAPHICS).count() == 3
    assert Patient.objects.visible_to(both, Category.CLINICAL).count() == 0
    for category in Category:
        assert Patient.objects.visible_to(nobody, category).count() == 0


def test_a_user_who_is_deactivated_sees_nobody_at_once():
    doctor, mia = cast.staff("physician"), cast.patient()
    cast.care(doctor, mia)
    assert Patient.objects.visible_to(doctor, Category.CLINICAL).count() == 1
    gone = User.objects.get(pk=doctor.pk)
    gone.is_active = False
    assert Patient.objects.visible_to(gone, Category.CLINICAL).count() == 0
