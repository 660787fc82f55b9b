"""Units: memberships begin and end by deeds, and other apps follow inside the same transaction."""

import pytest

from audit.models import Event
from security.models import Membership, Unit, User
from security.services import units
from tests.security.people import acting, staff

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def boss():
    return staff("administrator", email="boss@example.org")


@pytest.fixture
def here(boss):
    with acting(boss) as context:
        yield context


@pytest.fixture
def team(here, boss):
    return units.create(name="Chronic care", name_zh="慢病管理组", kind=Unit.Kind.TEAM, by=boss)


@pytest.fixture
def told(monkeypatch):
    seen = []

    def follow(*, membership, by):
        seen.append((membership.user_id, membership.ends_at is None))

    monkeypatch.setattr(units, "followers", [follow])
    return seen


def test_joining_and_leaving_tell_the_followers(here, boss, team, told):
    user = staff("nurse")
    joined = units.join(user=user, unit=team, by=boss)
    units.leave(membership=joined, by=boss)
    assert told == [(user.pk, True), (user.pk, False)]
    names = list(
        Event.objects.filter(action__startswith="security.membership.")
        .order_by("recorded_at")
        .values_list("action", flat=True)
    )
    assert names == ["security.membership.began", "security.membership.ended"]


def test_leaving_twice_is_told_once(here, boss, team, told):
    joined = units.join(user=staff("nurse"), unit=team, by=boss)
    units.leave(membership=joined, by=boss)
    units.leave(membership=joined, by=boss)
    assert len(told) == 2


def test_a_follower_that_fails_takes_the_deed_back(here, boss, team, monkeypatch):
    def broken(*, membership, by):
        raise RuntimeError("no")

    monkeypatch.setattr(units, "followers", [broken])
    with pytest.raises(RuntimeError):
        units.join(user=staff("nurse"), unit=team, by=boss)
    assert not Membership.objects.exists()


def test_nobody_joins_twice_or_a_closed_unit_or_as_a_patient(here, boss, team, told):
    user = staff("nurse")
    units.join(user=user, unit=team, by=boss)
    with pytest.raises(units.AlreadyMember):
        units.join(user=user, unit=team, by=boss)
    with pytest.raises(units.NotStaff):
        units.join(user=staff(kind=User.Kind.PATIENT, email="p@example.org"), unit=team, by=boss)
    units.close(unit=team, by=boss)
    assert not Membership.objects.in_force().exists()
    with pytest.raises(units.Closed):
        units.join(user=staff("nurse", email="n2@example.org"), unit=team, by=boss)


def test_a_unit_is_renamed_in_both_languages(here, boss, team):
    units.rename(unit=team, name="Long-term care", name_zh="长期照护组", by=boss)
    assert Unit.objects.get().name_zh == "长期照护组"
