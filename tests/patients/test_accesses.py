"""My accesses: the own reads and deeds about patients, by name while they are in reach, by pseudonym after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from patients.models import CareRelationship
from patients.queries import accesses
from patients.services import relationships
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
PAGE = "/account/accesses/"


@pytest.fixture
def doctor():
    return cast.staff("physician", name="Dr Lin")


def read(user, *patients):
    client = cast.browser(user)
    for one in patients:
        assert client.get(reverse("patients:patient", args=[one.pk])).status_code == 200
    return client


def test_a_record_that_was_read_stands_there_with_purpose_and_name(doctor):
    ida = cast.patient(given="Ida")
    cast.care(doctor, ida)
    client = read(doctor, ida)
    answer = client.get(PAGE)
    text = cast.words(answer)
    assert answer.status_code == 200
    for said in ("Ida Muster", "Records were read.", "Treatment"):
        assert said in text
    assert reverse("patients:patient", args=[ida.pk]) in answer.content.decode()


def test_a_patient_out_of_reach_stands_there_by_pseudonym(doctor):
    ida = cast.patient(given="Ida")
    cast.care(doctor, ida)
    client = read(doctor, ida)
    row = CareRelationship.objects.get()
    relationships.end(relationship_id=row.pk, by=doctor)
    answer = client.get(PAGE)
    assert "Ida" not in answer.content.decode()
    assert str(ida.pk)[-12:] in answer.content.decode()
    assert reverse("patients:patient", args=[ida.pk]) not in answer.content.decode()


def test_nobody_elses_accesses_and_nothing_about_accounts_stand_there(doctor):
    other, ida = cast.staff("physician", name="Dr Else"), cast.patient(given="Ida")
    cast.care(other, ida)
    read(other, ida)
    text = cast.words(cast.browser(doctor).get(PAGE))
    assert "Nothing yet" in text
    boss = cast.browser(cast.staff("administrator"))
    boss.get("/admin/security/user/")
    assert "Nothing yet" in cast.words(boss.get(PAGE))


def test_looking_is_recorded_as_a_read_of_the_names_and_no_more(doctor):
    ida = cast.patient()
    cast.care(doctor, ida)
    client = read(doctor, ida)
    before = Event.objects.count()
    client.get(PAGE)
    new = Event.objects.order_by("-recorded_at", "-pk")[: Event.objects.count() - before]
    assert [(event.action, event.route, event.subjects) for event in new] == [
        ("security.record.read", "crm:accesses", [ida.pk])
    ]


def test_a_day_shows_that_day_alone(doctor):
    ida = cast.patient(given="Ida")
    cast.care(doctor, ida)
    client = read(doctor, ida)
    today = timezone.localdate()
    assert "Ida Muster" in cast.words(client.get(PAGE, {"day": today.isoformat()}))
    for day in (today - timedelta(days=1), today + timedelta(days=1)):
        text = cast.words(client.get(PAGE, {"day": day.isoformat()}))
        assert "Nothing on this day" in text
        assert "Ida Muster" not in text
    assert "Ida Muster" in cast.words(client.get(PAGE, {"day": ""}))


@pytest.mark.parametrize(
    "day",
    [
        "yesterday",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "2026-1",
        "' OR 1=1 --",
        "\x00",
        "٢٠٢٦-٠١-٠١x",
        "1" * 500,
    ],
)
def test_a_day_that_is_none_is_said_to_be_none(doctor, day):
    answer = cast.browser(doctor).get(PAGE, {"day": day})
    assert answer.status_code == 422
    assert "c-field__errors" in answer.content.decode()


@pytest.mark.parametrize("after", ["", "x", "-" * 32, "A" * 32, "\x00" * 32, "'" * 32])
def test_a_place_that_is_none_begins_at_the_start_or_shows_nothing(doctor, after):
    assert cast.browser(doctor).get(PAGE, {"after": after}).status_code == 200


def test_pages_show_every_access_once_the_newest_first(doctor, monkeypatch):
    monkeypatch.setattr(accesses, "PAGE", 2)
    whom = [cast.patient(given=f"Nr{turn}") for turn in range(5)]
    cast.care(doctor, *whom)
    client = read(doctor, *whom)
    day = timezone.localdate().isoformat()
    url, seen = f"?day={day}", []
    while url:
        shown = client.get(PAGE + url).context
        seen += [(row["at"], row["what"]) for row in shown["rows"]]
        url = shown["next_url"]
        assert url is None or f"day={day}" in url
    opened = [one for one in seen if one[1] == "A chart was opened."]
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)
    assert len(opened) in {0, 5}
    assert len([one for one in seen if one[1] == "Records were read."]) >= 5


def test_a_list_that_was_read_names_three_and_counts_the_others(doctor):
    cast.care(doctor, *cast.patients(9))
    client = cast.browser(doctor)
    client.get(reverse("crm:home"))
    row = client.get(PAGE).context["rows"][0]
    assert (len(row["people"]), row["others"]) == (3, 6)


def test_a_broken_seal_leaves_the_row_without_a_name(doctor):
    ida = cast.patient(given="Ida")
    cast.care(doctor, ida)
    client = read(doctor, ida)
    cast.break_seal(ida)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert "Ida" not in answer.content.decode()


@pytest.mark.parametrize(
    "role", ["nurse", "receptionist", "finance", "engagement", "auditor", "administrator"]
)
def test_every_member_of_staff_has_the_page(role):
    assert cast.browser(cast.staff(role)).get(PAGE).status_code == 200


def test_patients_and_strangers_have_another_one(client):
    assert client.get(PAGE, secure=True).status_code == 302
    patient = world.person(kind="patient", name="Mia")
    assert cast.browser(patient).get(PAGE).status_code == 404


def test_the_number_of_queries_is_the_same_for_one_access_and_for_twenty(doctor):
    cast.care(doctor, *cast.patients(20))
    whom = [row.patient for row in CareRelationship.objects.select_related("patient")]
    counts = []
    for some in (whom[:1], whom):
        read(doctor, *some)
        with cast.acting(doctor), CaptureQueriesContext(connection) as made:
            assert accesses.page(doctor)["rows"]
        counts.append(len(made))
    assert counts[0] == counts[1] <= 8
