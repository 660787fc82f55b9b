"""Reminders of tasks: in the morning, again in the afternoon, then the unit; each once, and never what it is."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from engagement.models import Task
from engagement.services import task_reminders
from engagement.services.task_reminders import Told
from patients.services import teams
from security.models import OutboxMessage
from security.services import units
from tests import world
from tests.engagement import following
from tests.patients import cast

pytestmark = [pytest.mark.django_db]
# A Wednesday at a clinic in Shanghai, whose clock is eight hours ahead.
DAY = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_shanghai(settings):
    settings.TIME_ZONE, settings.HOLIDAYS, settings.WORKING_DAYS_MADE_UP = "Asia/Shanghai", [], []
    settings.WEEKEND = [6, 7]


def at(clock, days=0):
    """Return an instant by the clinic's clock."""
    hours, minutes = map(int, clock.split(":"))
    return DAY + timedelta(days=days, hours=hours - 8, minutes=minutes)


def told(clock, days=0):
    with time_machine.travel(at(clock, days), tick=False):
        return task_reminders.remind()


def topics():
    rows = OutboxMessage.objects.order_by("created_at", "pk")
    return [(row.topic, row.subject_id) for row in rows]


@pytest.fixture
def people(system):
    with time_machine.travel(at("12:00", -2), tick=False):
        return {
            name: world.person("physician", name=name, email=f"{name}@clinic.example")
            for name in ("doctor", "mate")
        }


@pytest.fixture
def task(people):
    with time_machine.travel(at("12:00", -1), tick=False):
        mia = cast.patient(record_number="R-1")
        cast.care(people["doctor"], mia)
        team = world.team()
        for one in people.values():
            units.join(user=one, unit=team, by=None)
        teams.assign(patient_ids=[mia.pk], unit=team, by=None)
        return following.task(mia, people["doctor"], title="Ask about the HIV test", days=1)


def test_an_executor_is_told_in_the_morning_again_in_the_afternoon_then_the_team_is(task, people):
    doctor, mate = people["doctor"].pk, people["mate"].pk
    assert told("08:00") == Told()
    assert told("08:30") == Told(first=1)
    assert told("08:40") == told("14:50") == Told()
    assert topics() == [("tasks.due", doctor)]
    assert told("15:00") == Told(again=1)
    assert told("15:10") == told("08:00", 1) == Told()
    assert told("08:30", 1) == Told(escalated=1)
    assert told("15:00", 1) == told("09:00", 5) == Told()
    assert sorted(topics()[2:]) == sorted([("tasks.escalated", doctor), ("tasks.escalated", mate)])
    assert len(cast.events("engagement.task.reminded")) == 3
    for row in OutboxMessage.objects.all():
        assert "HIV" not in f"{row.title} {row.text}"
        assert "Muster" not in f"{row.title} {row.text}"


def test_what_is_done_in_the_morning_is_not_told_of_in_the_afternoon(task, people):
    assert told("09:00") == Told(first=1)
    row = Task.objects.get(pk=task.pk)
    following.tasks.done(task_id=row.pk, version=row.version, result="", by=people["doctor"])
    assert told("15:00") == told("09:00", 1) == Told()


def test_nobody_is_told_on_a_day_off(task):
    # Saturday, Sunday; on Monday it goes on.
    assert told("09:00", 3) == told("16:00", 4) == Told()
    assert told("09:00", 5) == Told(first=1)


def test_what_somebody_makes_for_today_is_told_of_in_the_afternoon_alone(task, people):
    with time_machine.travel(at("09:00"), tick=False):
        following.task(task.patient, people["doctor"])
    assert told("09:05") == Told(first=1)
    assert told("15:05") == Told(first=1, again=1)


def test_one_executor_with_many_tasks_gets_one_message(task, people):
    with time_machine.travel(at("13:00", -1), tick=False):
        for _number in range(3):
            following.task(task.patient, people["doctor"], days=1)
    assert told("09:00") == Told(first=4)
    assert topics() == [("tasks.due", people["doctor"].pk)]


def test_whoever_takes_a_task_over_is_reminded_from_the_beginning(task, people):
    assert (told("09:00"), told("15:00")) == (Told(first=1), Told(again=1))
    row = Task.objects.get(pk=task.pk)
    with time_machine.travel(at("16:00"), tick=False):
        to = following.Executor(user_id=people["mate"].pk)
        following.tasks.assign(
            task_id=row.pk, version=row.version, executor=to, by=people["doctor"]
        )
    assert told("16:10") == Told(first=1)
