"""The emergency finder: exact, masked, limited, and told each time."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from patients.services import emergency_finder
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
FINDER = "/patients/emergency/"
NUMBER = "110101199003077951"


@pytest.fixture
def nurse():
    return cast.staff("nurse")


@pytest.fixture
def mia():
    return cast.patient(
        "Grossmann", "Viktoria", record_number="R-90817", birth_on=date(1990, 3, 7),
        identifiers=[{"system": "urn:id", "value": NUMBER}],
    )  # fmt: skip


def asked(client, **form):
    return client.post(FINDER, form, secure=True)


def test_an_exact_number_or_the_full_name_and_birthday_finds_a_masked_stub(nurse, mia):
    client = cast.browser(nurse)
    for form in (
        {"number": "R-90817"},
        {"number": NUMBER},
        {"name": "Viktoria Grossmann", "birth_on": "1990-03-07"},
        {"name": "grossmann viktoria", "birth_on": "1990-03-07"},
    ):
        response = asked(client, **form)
        text = response.content.decode()
        assert response.status_code == 200
        assert reverse("patients:break_glass", args=[mia.pk]) in text, form
        for secret in ("Viktoria", "Grossmann</", NUMBER, "R-90817", "07.03.1990"):
            shown = text.split('<form class="card c-form"')[0]
            assert secret not in shown, (form, secret)
    assert [one.counts for one in cast.events("patients.emergency.searched")] == [{"hits": 1}] * 4


@pytest.mark.parametrize(
    "form",
    [
        {"number": "R-9081"},
        {"number": "11010119900307"},
        {"number": "Grossmann"},
        {"number": "%"},
        {"name": "Gross", "birth_on": "1990-03-07"},
        {"name": "Grossmann", "birth_on": "1990-03-07"},
        {"name": "Viktoria Grossmann", "birth_on": "1990-03-08"},
        {"name": "V G", "birth_on": "1990-03-07"},
        {"name": "'; DROP TABLE", "birth_on": "1990-03-07"},
    ],
)
def test_less_than_exact_finds_nobody_and_is_told(nurse, mia, form):
    response = asked(cast.browser(nurse), **form)
    assert "Nobody was found" in cast.words(response)
    told = cast.events("patients.emergency.searched")
    assert [(one.outcome, one.counts, one.purpose) for one in told] == [
        ("failed", {"hits": 0}, "ETREAT")
    ]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "Viktoria Grossmann"},
        {"birth_on": "1990-03-07"},
        {"name": "Viktoria Grossmann", "birth_on": "yesterday"},
        {"name": "Viktoria Grossmann", "birth_on": "1066-01-01"},
        {"name": "Viktoria Grossmann", "birth_on": "2999-01-01"},
        {"number": "9" * 500},
        {"number": "R-90817\x00"},
    ],
)
def test_half_a_question_is_refused(nurse, mia, form):
    assert asked(cast.browser(nurse), **form).status_code == 422


def test_chinese_names_are_found_as_they_are_written(nurse):
    wang = cast.patient(names=[{"use": "official", "text": "王秀英"}], birth_on=date(1950, 12, 1))
    response = asked(cast.browser(nurse), name="王秀英", birth_on="1950-12-01")
    assert str(wang.pk) in response.content.decode()
    assert "王秀英" not in response.content.decode().split('<form class="card c-form"')[0]


def test_ten_searches_in_an_hour_are_the_limit_and_the_next_is_refused_and_told(nurse, mia):
    client = cast.browser(nurse)
    for _number in range(emergency_finder.PER_HOUR):
        assert asked(client, number="R-90817").status_code == 200
    response = asked(client, number="R-90817")
    assert response.status_code == 429
    assert str(mia.pk) not in response.content.decode()
    assert cast.events("patients.emergency.searched")[-1].outcome == "refused"
    assert asked(cast.browser(nurse), number="R-90817").status_code == 429, "another session too"
    assert asked(cast.browser(cast.staff("nurse")), number="R-90817").status_code == 200


def test_the_hour_is_any_sixty_minutes_and_not_one_of_the_clock(nurse):
    with time_machine.travel(datetime(2026, 6, 1, 10, 59, 30, tzinfo=UTC), tick=False) as clock:

        def find():
            with cast.acting(nurse):
                return emergency_finder.find(number="R-404", by=nurse)

        for _number in range(emergency_finder.PER_HOUR):
            assert find() == []
        clock.shift(60)
        with pytest.raises(emergency_finder.TooMany):
            find()
        clock.shift(3590)
        assert find() == []


def test_a_fresh_factor_is_asked_for(nurse):
    response = cast.stale(cast.browser(nurse)).get(FINDER, secure=True)
    assert response.status_code == 302


@pytest.mark.parametrize(
    "role",
    ["receptionist", "finance", "engagement", "compliance_officer", "auditor", "administrator"],
)
def test_roles_without_the_mark_do_not_find(role):
    client = cast.browser(cast.staff(role))
    assert client.get(FINDER, secure=True).status_code == 403
    assert asked(client, number="R-90817").status_code == 403
    assert not Event.objects.filter(action="patients.emergency.searched").exists()


def test_a_broken_seal_finds_nobody_and_breaks_nothing(nurse, mia):
    cast.break_seal(mia)
    response = asked(cast.browser(nurse), number="R-90817")
    assert response.status_code == 200
    assert "Nobody was found" in cast.words(response)


def test_names_beside_a_number_are_no_second_question(nurse, mia):
    response = asked(cast.browser(nurse), number="R-90817", name="x", birth_on="1990-03-08")
    assert str(mia.pk) in response.content.decode()
    assert timezone.now() > cast.events("patients.emergency.searched")[0].recorded_at
