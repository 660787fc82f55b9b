"""Roles: given and ended by somebody else, never in conflict; groups and the staff mark follow."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.utils import timezone

from audit.models import Event
from security import tasks
from security.access.decision import roles_of
from security.access.roles import ROLES
from security.models import Clearance, RoleAssignment, User
from security.services import clearances, roles
from tests.security.people import acting, staff

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.org")


@pytest.fixture
def here(boss):
    with acting(boss) as context:
        yield context


def groups_of(user):
    return set(User.objects.get(pk=user.pk).groups.values_list("name", flat=True))


def test_a_role_is_given_at_once_with_its_group_and_event(here, boss):
    user = staff()
    assert roles_of(user) == ()
    roles.grant(user=user, role="nurse", by=boss)
    assert roles_of(user) == ("nurse",)
    assert groups_of(user) == {"nurse"}
    event = Event.objects.filter(action="security.role.granted").latest("recorded_at")
    assert event.subjects == [user.pk]
    assert event.fields == ["security.role.nurse"]
    assert event.actor_id == boss.pk


def test_an_ended_role_is_gone_at_once(here, boss):
    user = staff("nurse", "receptionist")
    roles.end(assignment=RoleAssignment.objects.get(user=user, role="nurse"), by=boss)
    assert roles_of(user) == ("receptionist",)
    assert groups_of(user) == {"receptionist"}
    ended = RoleAssignment.objects.get(user=user, role="nurse")
    assert ended.ended_by == boss
    assert RoleAssignment.objects.count() == 3


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("physician", "administrator"),
        ("administrator", "receptionist"),
        ("auditor", "administrator"),
    ],
)
def test_nobody_both_administers_users_and_reads_patients(here, boss, held, wanted):
    user = staff(held)
    with pytest.raises(roles.RolesConflict):
        roles.grant(user=user, role=wanted, by=boss)
    assert roles_of(user) == (held,)


def test_a_role_that_begins_later_conflicts_today(here, boss):
    user = staff()
    RoleAssignment.objects.create(
        user=user, role="physician", starts_at=timezone.now() + timedelta(days=3)
    )
    with pytest.raises(roles.RolesConflict):
        roles.grant(user=user, role="administrator", by=boss)


def test_nobody_gives_or_ends_the_own_role(here, boss):
    with pytest.raises(roles.OwnRole):
        roles.grant(user=boss, role="auditor", by=boss)
    with pytest.raises(roles.OwnRole):
        roles.end(assignment=RoleAssignment.objects.get(user=boss), by=boss)
    assert roles_of(boss) == ("administrator",)


@pytest.mark.parametrize("role", ["patient", "superuser", ""])
def test_only_roles_of_the_staff_are_given(here, boss, role):
    with pytest.raises(roles.UnknownRole):
        roles.grant(user=staff(), role=role, by=boss)


def test_a_patient_holds_no_role_of_the_staff(here, boss):
    patient = staff(kind=User.Kind.PATIENT)
    with pytest.raises(roles.NotStaff):
        roles.grant(user=patient, role="nurse", by=boss)
    assert roles_of(patient) == ("patient",)


def test_the_staff_mark_is_for_administrators_and_auditors_alone(here):
    for number, role in enumerate(key for key in ROLES if key != "patient"):
        user = staff(role, email=f"{number}@example.org")
        assert User.objects.get(pk=user.pk).is_staff is (role in {"administrator", "auditor"}), role


def test_the_staff_mark_goes_with_the_role(here, boss):
    user = staff("auditor")
    roles.end(assignment=RoleAssignment.objects.get(user=user), by=boss)
    assert not User.objects.get(pk=user.pk).is_staff


def test_every_role_has_a_group_and_no_group_opens_a_patients_model(here):
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    granted = Permission.objects.filter(group__isnull=False).distinct()
    assert {one.content_type.app_label for one in granted} == {"security"}
    models = {one.content_type.model for one in granted}
    assert models == {"user", "roleassignment", "clearance", "unit", "membership", "datakey"}
    assert not granted.filter(codename__startswith="delete_").exists()
    held = {
        group.name: set(group.permissions.values_list("codename", flat=True))
        for group in Group.objects.all()
    }
    assert {name for name, names in held.items() if names} == {"administrator", "auditor"}
    assert all(name.startswith("view_") for name in held["auditor"])
    assert {name for name in held["administrator"] if name.endswith("datakey")} == {"view_datakey"}


def test_a_superuser_has_no_short_cut(here):
    user = staff("nurse")
    row = User.objects.get(pk=user.pk)
    row.is_superuser = True
    row.advance()
    row.save()
    assert not row.has_perm("security.view_user")
    assert not row.has_perm("patients.view_patient")
    assert not row.has_module_perms("security")
    assert row.get_all_permissions() == set()


def test_syncing_again_changes_nothing(here):
    assert roles.sync_groups() == 0
    call_command("sync_roles", verbosity=0)
    assert roles.sync_groups() == 0


def test_a_permission_somebody_added_to_a_group_is_taken_out_again(here):
    group = Group.objects.get(name="nurse")
    through = Group.permissions.through
    through.objects.create(
        group_id=group.pk, permission_id=Permission.objects.get(codename="view_user").pk
    )
    assert roles.sync_groups() == 1
    assert not group.permissions.exists()


def test_roles_that_end_by_the_clock_are_followed_by_the_sweep(boss):
    user = staff()
    with acting(boss):
        soon = timezone.now() + timedelta(minutes=30)
        roles.grant(user=user, role="auditor", ends_at=soon, by=boss)
    with time_machine.travel(soon + timedelta(minutes=1)):
        assert roles_of(user) == ()
        assert User.objects.get(pk=user.pk).is_staff
        tasks.sweep()
    assert groups_of(user) == set()
    assert not User.objects.get(pk=user.pk).is_staff


# Clearances


def test_a_clearance_is_for_roles_that_read_such_records(here, boss):
    nurse = staff("nurse")
    given = clearances.grant(user=nurse, reason="HIV clinic", by=boss)
    assert Clearance.objects.in_force().get().user == nurse
    clearances.end(clearance=given, by=boss)
    assert not Clearance.objects.in_force().exists()
    with pytest.raises(clearances.NeedsRole):
        clearances.grant(user=staff("finance", email="f@example.org"), reason="x", by=boss)
    assert Event.objects.filter(action__startswith="security.clearance.").count() == 2


def test_nobody_clears_oneself(here):
    physician = staff("physician")
    with pytest.raises(clearances.OwnClearance):
        clearances.grant(user=physician, reason="x", by=physician)
