"""The rules of templates: whom they find, and that the same row starts nothing twice."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from engagement.models import FollowUpPlan, PlanTemplate, Task
from engagement.queries import triggers as queries
from engagement.services import triggers
from patients.models import Condition, Encounter, Immunization
from tests import consenting
from tests.engagement import following
from tests.engagement.following import DAY
from tests.patients import cast

pytestmark = [pytest.mark.django_db]


def on(key, **criteria):
    """Let the rule of one shipped template run and no other."""
    row = following.template(key)
    PlanTemplate.objects.exclude(pk=row.pk).update(is_automatic=False)
    row.is_automatic, row.criteria = True, row.criteria | criteria
    row.save()
    return row


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def born(years, days):
    """Return the birth date of who becomes so many years old in so many days."""
    day = timezone.localdate() + timedelta(days=days)
    if (day.month, day.day) == (2, 29):
        pytest.skip("no such day in other years")
    return day.replace(year=day.year - years)


@pytest.fixture
def mia(system):
    return cast.patient(record_number="R-1")


def test_a_chronic_disease_starts_one_plan_and_a_second_night_none(mia):
    on("diabetes")
    doctor = cast.staff("physician")
    cast.care(doctor, mia)
    usual = {"patient": mia, "status": "active", "occurred_at": timezone.now()}
    Condition.objects.create(code=coded("icd10", "E11.9"), **usual)
    Condition.objects.create(code=coded("sct", "44054006"), **usual)
    Condition.objects.create(code=coded("icd10", "J00"), **usual)
    assert (triggers.follow(), triggers.follow()) == (1, 0)
    plan = FollowUpPlan.objects.get()
    assert (plan.template_key, plan.started_by_id) == ("diabetes", None)
    assert {row.assignee_id for row in Task.objects.filter(duty="visit")} == {doctor.pk}
    assert len(cast.events("engagement.plan.started")) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "resolved"},
        {"verification": "refuted"},
        {"confidentiality": "R"},
        {"code": coded("icd10", "E66.0")},
    ],
)
def test_what_is_over_refuted_protected_or_something_else_starts_nothing(mia, fields):
    on("diabetes")
    usual = {"code": coded("icd10", "E11"), "status": "active", "occurred_at": timezone.now()}
    Condition.objects.create(patient=mia, **usual | fields)
    assert triggers.follow() == 0


def test_nobody_who_died_or_whose_data_are_restricted_is_followed_up(mia):
    on("diabetes")
    dead = cast.patient(deceased=True)
    for one in (mia, dead):
        Condition.objects.create(
            patient=one, code=coded("icd10", "E11"), status="active", occurred_at=timezone.now()
        )
    consenting.limit(mia)
    assert triggers.follow() == 0


def test_a_stay_that_ended_starts_a_plan_and_one_that_goes_on_does_not(mia):
    on("after-discharge")
    now, usual = timezone.now(), {"patient": mia, "class_code": "IMP"}
    going = Encounter.objects.create(status="in-progress", occurred_at=now - 9 * DAY, **usual)
    Encounter.objects.create(
        patient=mia, class_code="AMB", status="finished", occurred_at=now - DAY, ended_at=now - DAY
    )
    Encounter.objects.create(
        status="finished", occurred_at=now - 70 * DAY, ended_at=now - 60 * DAY, **usual
    )
    assert triggers.follow() == 0
    going.status, going.ended_at = "finished", now - DAY
    going.advance()
    going.save()
    assert (triggers.follow(), triggers.follow()) == (1, 0)
    again = FollowUpPlan.objects.get()
    assert again.areas == ["care", "desk"]


def test_a_vaccination_is_due_by_the_last_dose_alone(mia):
    on("influenza")
    other = cast.patient(given="Otto")
    now, usual = timezone.now(), {"status": "completed", "vaccine": coded("cvx", "140")}
    for patient, days in ((mia, 350), (other, 350), (other, 20), (mia, 800)):
        Immunization.objects.create(patient=patient, occurred_at=now - days * DAY, **usual)
    assert (triggers.follow(), triggers.follow()) == (1, 0)
    assert FollowUpPlan.objects.get().patient_id == mia.pk


def test_birthdays_are_found_once_a_year_from_an_age_on(system):
    on("birthday", days_before=30, min_age=40)
    due = cast.patient(birth_on=born(50, 30))
    for years, days in ((39, 30), (50, 29), (50, 31)):
        cast.patient(birth_on=born(years, days))
    cast.patient(birth_on=born(60, 30), birth_precision="month")
    assert (triggers.follow(), triggers.follow()) == (1, 0)
    assert FollowUpPlan.objects.get().patient_id == due.pk


@pytest.mark.parametrize(
    ("born_on", "day", "wanted"),
    [
        (date(2000, 2, 29), date(2026, 2, 28), True),
        (date(2000, 2, 29), date(2028, 2, 28), False),
        (date(2000, 2, 29), date(2028, 2, 29), True),
        (date(1990, 2, 28), date(2026, 2, 28), True),
        (date(1990, 3, 1), date(2026, 2, 28), False),
    ],
)
def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(born_on, day, wanted):
    assert queries.celebrates(born_on, day) is wanted


def test_a_card_that_is_opened_goes_to_the_desk_and_an_import_does_not(system):
    on("new-patient")
    cast.patient(source_key=b"\1" * 16)
    mia = cast.patient()
    assert triggers.follow() == 1
    rows = list(Task.objects.order_by("due_at"))
    assert [(row.area, row.duty, row.patient_id) for row in rows] == [
        ("desk", "assign", mia.pk), ("care", "record", mia.pk), ("care", "call", mia.pk),
    ]  # fmt: skip
    assert rows[0].title == "Assign a responsible doctor"


def test_whoever_may_not_do_a_step_leaves_it_to_be_taken(mia):
    on("diabetes")
    gone = cast.staff("physician")
    cast.care(gone, mia)
    gone.is_active = False
    gone.advance()
    gone.save()
    Condition.objects.create(
        patient=mia, code=coded("icd10", "E11"), status="active", occurred_at=timezone.now()
    )
    assert triggers.follow() == 1
    assert set(Task.objects.values_list("assignee", flat=True)) == {None}


def test_what_started_a_plan_is_known_again_after_a_merge(mia):
    row = on("diabetes")
    found = queries.Found(mia.pk, mia.pk)
    moved = queries.Found(cast.patient().pk, mia.pk)
    assert triggers.once_keys(row, found) == triggers.once_keys(row, moved)
    assert len(triggers.once_keys(row, found)[0]) == 16
