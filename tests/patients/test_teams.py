"""Care teams: whoever joins reaches the team's patients, whoever leaves does not, from the next request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from patients.models import CareRelationship, ChartPermission, TeamAssignment
from patients.services import teams
from patients.services.teams import NotATeam
from security.models import Membership, Unit
from security.services import units
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def nurse():
    return cast.staff("nurse")


@pytest.fixture
def ward():
    with transaction.atomic():
        return units.create(name="North ward", name_zh="北病区", kind=Unit.Kind.TEAM, by=None)


@pytest.fixture
def mia():
    return cast.patient()


def reaches(user, patient):
    status = cast.browser(user).get(reverse("patients:patient", args=[patient.pk])).status_code
    return status == 200


def join(user, unit, **when):
    with transaction.atomic():
        return units.join(user=user, unit=unit, by=None, **when)


def test_members_reach_the_patients_that_are_assigned(nurse, ward, mia):
    join(nurse, ward)
    assert not reaches(nurse, mia)
    assert teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse) == 1
    assert reaches(nurse, mia)
    row = CareRelationship.objects.get(user=nurse, patient=mia)
    assert (row.source, row.unit_id) == ("team", ward.pk)
    assert cast.events("patients.team.assigned")[-1].subjects == [mia.pk]


def test_who_joins_later_reaches_them_too_and_who_leaves_does_not(nurse, ward, mia):
    teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse)
    assert not reaches(nurse, mia)
    membership = join(nurse, ward)
    assert reaches(nurse, mia)
    with transaction.atomic():
        units.leave(membership=membership, by=None)
    assert not reaches(nurse, mia)
    assert not ChartPermission.objects.filter(user=nurse).exists()


def test_a_membership_that_ends_on_a_day_reaches_until_then(nurse, ward, mia):
    until = timezone.now() + timedelta(days=2)
    teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse)
    join(nurse, ward, ends_at=until)
    assert ChartPermission.objects.get(user=nurse).ends_at == until


def test_a_released_patient_is_reached_no_more_and_other_teams_keep_theirs(nurse, ward, mia):
    with transaction.atomic():
        south = units.create(name="South ward", kind=Unit.Kind.TEAM, by=None)
    other = cast.staff("nurse")
    join(nurse, ward)
    join(other, south)
    for unit in (ward, south):
        teams.assign(patient_ids=[mia.pk], unit=unit, by=nurse)
    teams.release(patient_id=mia.pk, unit=ward, by=nurse)
    assert not reaches(nurse, mia)
    assert reaches(other, mia)
    assert TeamAssignment.objects.in_force().count() == 1
    assert cast.events("patients.team.released")[-1].subjects == [mia.pk]


def test_who_is_in_two_teams_of_a_patient_leaves_one_and_stays_in_the_other(nurse, ward, mia):
    with transaction.atomic():
        south = units.create(name="South ward", kind=Unit.Kind.TEAM, by=None)
    memberships = [join(nurse, unit) for unit in (ward, south)]
    for unit in (ward, south):
        teams.assign(patient_ids=[mia.pk], unit=unit, by=nurse)
    with transaction.atomic():
        units.leave(membership=memberships[0], by=None)
    assert reaches(nurse, mia)


def test_assigning_twice_changes_nothing(nurse, ward, mia):
    join(nurse, ward)
    assert teams.assign(patient_ids=[mia.pk, mia.pk], unit=ward, by=nurse) == 1
    assert teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse) == 0
    assert CareRelationship.objects.count() == TeamAssignment.objects.count() == 1


def test_a_department_is_no_team_and_a_closed_team_takes_nobody(nurse, ward, mia):
    with transaction.atomic():
        office = units.create(name="Office", kind=Unit.Kind.DEPARTMENT, by=None)
    join(nurse, office)
    with pytest.raises(NotATeam):
        teams.assign(patient_ids=[mia.pk], unit=office, by=nurse)
    join(nurse, ward)
    teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse)
    with transaction.atomic():
        closed = units.close(unit=ward, by=None)
    assert not reaches(nurse, mia)
    with pytest.raises(NotATeam):
        teams.assign(patient_ids=[mia.pk], unit=closed, by=nurse)


def test_a_team_is_found_by_either_name_and_a_stranger_is_not(ward):
    assert teams.find("North ward") == teams.find("北病区") == ward
    for name in ("", "North", "Office"):
        with pytest.raises(NotATeam):
            teams.find(name)


def test_a_team_member_without_a_caring_role_reaches_nothing_clinical(ward, mia):
    clerk = cast.staff("finance")
    join(clerk, ward)
    teams.assign(patient_ids=[mia.pk], unit=ward, by=clerk)
    response = cast.browser(clerk).get(reverse("patients:clinical", args=[mia.pk]))
    assert response.status_code == 403


def test_deed_and_what_follows_from_it_fail_together(nurse, ward, mia, monkeypatch):
    teams.assign(patient_ids=[mia.pk], unit=ward, by=nurse)

    def fail(**_all):
        raise RuntimeError

    monkeypatch.setattr(teams.relationships, "grant_many", fail)
    with pytest.raises(RuntimeError):
        join(nurse, ward)
    assert not Membership.objects.filter(user=nurse).exists()


@pytest.mark.parametrize(
    ("last", "status"), [("9999-12-31", 302), ("9999-12-30", 302), ("0001-01-01", 422)]
)
def test_a_last_day_at_either_end_of_the_calendar_breaks_nothing(nurse, ward, last, status):
    page = reverse("patients:team_join", args=[ward.pk])
    sent = {"colleague": str(nurse.pk), "ends_on": last}
    answer = cast.browser(cast.staff("administrator")).post(page, sent)
    assert answer.status_code == status
    assert Membership.objects.filter(user=nurse).count() == (status == 302)
