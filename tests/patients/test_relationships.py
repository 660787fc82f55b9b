"""Care relationships: given and ended by deeds, acting on the next request, joined into stretches."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import State
from patients.models import CareRelationship, ChartPermission
from patients.services import relationships
from patients.services.relationships import AlreadyEnded, NotClinical, Wanted
from security.models import User
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
HOUR = timedelta(hours=1)


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def mia():
    return cast.patient()


def stretches(user, patient):
    rows = ChartPermission.objects.filter(user=user, content_object=patient).order_by("starts_at")
    return [(row.starts_at, row.ends_at) for row in rows]


def give(doctor, mia, *spans, source="appointment"):
    wanted = [
        Wanted(doctor.pk, mia.pk, source, starts_at=start, ends_at=end) for start, end in spans
    ]
    return relationships.grant_many(wanted=wanted, by=None)


def test_a_relationship_opens_the_chart_and_is_told(doctor, mia):
    row = relationships.grant(user=doctor, patient_id=mia.pk, source="responsible", by=None)
    (event,) = cast.events("patients.relationship.granted")
    assert event.subjects == [mia.pk]
    assert State.objects.get(event_id=event.pk).object_id == row.pk
    assert stretches(doctor, mia) == [(row.starts_at, None)]


def test_giving_it_twice_changes_nothing(doctor, mia):
    for _time in range(2):
        relationships.grant(user=doctor, patient_id=mia.pk, source="responsible", by=None)
    assert CareRelationship.objects.count() == 1
    assert len(cast.events("patients.relationship.granted")) == 1


@pytest.mark.parametrize(
    "role", ["receptionist", "finance", "engagement", "auditor", "administrator"]
)
def test_who_does_not_care_for_patients_is_given_none(mia, role):
    with pytest.raises(NotClinical):
        relationships.grant(user=cast.staff(role), patient_id=mia.pk, source="responsible", by=None)
    assert not CareRelationship.objects.exists()


def test_an_ended_relationship_closes_the_chart_on_the_next_request(doctor, mia):
    row = relationships.grant(user=doctor, patient_id=mia.pk, source="responsible", by=None)
    client, url = cast.browser(doctor), reverse("patients:patient", args=[mia.pk])
    assert client.get(url).status_code == 200
    relationships.end(relationship_id=row.pk, by=doctor)
    assert client.get(url).status_code == 404
    assert "Muster" not in cast.words(client.get("/"))
    (event,) = cast.events("patients.relationship.ended")
    assert event.subjects == [mia.pk]
    with pytest.raises(AlreadyEnded):
        relationships.end(relationship_id=row.pk, by=doctor)


def test_one_ground_that_ends_leaves_the_others(doctor, mia):
    first = relationships.grant(user=doctor, patient_id=mia.pk, source="responsible", by=None)
    relationships.grant(user=doctor, patient_id=mia.pk, source="referral", by=None)
    relationships.end(relationship_id=first.pk, by=doctor)
    page = cast.browser(doctor).get(reverse("patients:patient", args=[mia.pk]))
    assert page.status_code == 200
    assert "the patient was referred to you" in cast.words(page)


def test_a_relationship_that_begins_later_opens_nothing_yet(doctor, mia):
    now = timezone.now()
    give(doctor, mia, (now + HOUR, now + 3 * HOUR))
    client, url = cast.browser(doctor), reverse("patients:patient", args=[mia.pk])
    assert client.get(url).status_code == 404
    assert stretches(doctor, mia) == [(now + HOUR, now + 3 * HOUR)]


def test_times_that_touch_are_one_stretch_and_times_apart_stay_apart(doctor, mia):
    now = timezone.now()
    give(
        doctor,
        mia,
        (now, now + HOUR),
        (now + HOUR, now + 2 * HOUR),
        (now + 5 * HOUR, now + 6 * HOUR),
    )
    assert stretches(doctor, mia) == [(now, now + 2 * HOUR), (now + 5 * HOUR, now + 6 * HOUR)]


def test_an_open_relationship_takes_all_that_follows_into_it(doctor, mia):
    now = timezone.now()
    give(doctor, mia, (now, now + HOUR), (now + HOUR / 2, None), (now + 4 * HOUR, now + 9 * HOUR))
    assert stretches(doctor, mia) == [(now, None)]


@pytest.mark.parametrize("seed", range(12))
def test_the_permission_holds_exactly_while_a_relationship_does(doctor, mia, seed):
    dice, now = Random(seed), timezone.now()
    spans = []
    for _number in range(dice.randint(1, 6)):
        start = now + HOUR * dice.randint(-6, 6)
        spans.append((start, dice.choice([None, start + HOUR * dice.randint(1, 5)])))
    # Of one open relationship per source, only the first is new.
    for number, span in enumerate(dict.fromkeys(spans)):
        give(doctor, mia, span, source=("appointment", "referral", "import", "case")[number % 4])
    rows = CareRelationship.objects.filter(user=doctor, patient=mia)
    for minutes in range(0, 13 * 60, 20):
        at = now + timedelta(minutes=minutes + 1)
        held = ChartPermission.objects.in_force(at).filter(user=doctor, content_object=mia)
        assert held.exists() is rows.in_force(at).exists(), at
        assert held.count() <= 1


def test_grants_of_many_pairs_take_as_many_queries_as_one(doctor, django_assert_max_num_queries):
    nurse, many = cast.staff("nurse"), cast.patients(20)
    wanted = [Wanted(who.pk, one.pk, "responsible") for who in (doctor, nurse) for one in many]
    with django_assert_max_num_queries(14):
        assert relationships.grant_many(wanted=wanted, by=None) == 40
    assert ChartPermission.objects.count() == 40


def test_no_object_permission_is_left_for_who_has_no_relationship(doctor, mia):
    row = relationships.grant(user=doctor, patient_id=mia.pk, source="responsible", by=None)
    relationships.end(relationship_id=row.pk, by=doctor)
    assert not ChartPermission.objects.exists()
    assert not doctor.has_perm("patients.open_chart", mia)


def test_the_object_permission_honours_time(doctor, mia):
    now = timezone.now()
    give(doctor, mia, (now - 2 * HOUR, now + HOUR))
    fresh = User.objects.get(pk=doctor.pk)
    assert fresh.has_perm("patients.open_chart", mia)
    ChartPermission.objects.update(ends_at=now - HOUR)
    assert not User.objects.get(pk=doctor.pk).has_perm("patients.open_chart", mia)
