"""Tasks: made, given to who can do them, handed on, done once, given up; with their events or not at all."""

import pytest
from django.db import DatabaseError, transaction

from engagement.models import FollowUpPlan, Interaction, QuestionnaireAnswer, Task
from engagement.queries import areas
from engagement.queries.executors import Executor
from engagement.services import contacts, plans, tasks
from engagement.services.contacts import For, Next, Said
from security.models import OutboxMessage
from tests import consenting, world
from tests.engagement import following
from tests.engagement.following import DAY
from tests.patients import cast

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def mia(system):
    return cast.patient(record_number="R-1")


@pytest.fixture
def doctor(mia):
    user = cast.staff("physician")
    cast.care(user, mia)
    return user


@pytest.fixture
def nurse(mia):
    user = world.person("nurse", name="Nurse", email="nurse@clinic.example")
    cast.care(user, mia, source="request")
    return user


def test_a_task_is_given_handed_on_and_done_and_each_step_is_an_event(mia, doctor, nurse):
    row = following.task(mia, doctor, by=doctor)
    assert OutboxMessage.objects.count() == 0
    to = Executor(user_id=nurse.pk)
    row = tasks.hand_on(
        task_id=row.pk, version=row.version, executor=to, reason="I am away", by=doctor
    )
    assert (row.assignee_id, row.note) == (nurse.pk, "I am away")
    told = OutboxMessage.objects.get()
    assert (told.subject_id, told.topic) == (nurse.pk, "tasks.given")
    row = tasks.done(task_id=row.pk, version=row.version, result="Reached", by=nurse)
    assert (row.state, row.done_by_id) == ("done", nurse.pk)
    for action in ("made", "handed_on", "finished"):
        (event,) = cast.events(f"engagement.task.{action}")
        assert (event.subjects, event.object_id) == ([mia.pk], row.pk)
    with pytest.raises(tasks.Closed):
        tasks.done(task_id=row.pk, version=row.version, result="Again", by=nurse)


def test_a_step_on_a_task_that_somebody_changed_meanwhile_is_refused(mia, doctor):
    row = following.task(mia, doctor, by=doctor)
    tasks.postpone(
        task_id=row.pk, version=1, due_on=row.due_at.date() + DAY, reason="On holiday", by=doctor
    )
    for deed, said in ((tasks.cancel, {"reason": "Moved away"}), (tasks.done, {"result": ""})):
        with pytest.raises(tasks.Closed):
            deed(task_id=row.pk, version=1, by=doctor, **said)


@pytest.mark.parametrize("area", ["care", "desk", "outreach"])
def test_nobody_is_given_what_is_not_open_to_them(mia, doctor, area):
    strangers = [cast.staff("physician", name="Other"), cast.staff("finance")]
    strangers += [cast.staff("engagement")] if area != "care" else []
    for stranger in strangers:
        if area == "desk" and stranger is strangers[0]:
            continue
        with pytest.raises(tasks.NotTheirs):
            following.task(mia, stranger, area=area, by=doctor)
    assert Task.objects.count() == 0


def test_whoever_reaches_the_patient_sees_the_tasks_of_the_own_area_and_no_others(mia, doctor):
    rows = {area: following.task(mia, area=area) for area in ("care", "desk", "outreach")}
    people = {
        "physician": (doctor, {"care", "desk"}),
        "receptionist": (cast.staff("receptionist"), {"desk"}),
        "stranger": (cast.staff("nurse", name="Stranger"), set()),
        "engagement": (cast.staff("engagement"), set()),
        "auditor": (cast.staff("auditor"), set()),
    }
    for name, (user, wanted) in people.items():
        with cast.acting(user):
            seen = {row.area for row in areas.visible(user)}
        assert seen == wanted, name
    consenting.allow(mia)
    keeper = people["engagement"][0]
    with cast.acting(keeper):
        assert list(areas.visible(keeper)) == [rows["outreach"]]


def test_a_task_and_its_event_roll_back_together(mia, doctor, monkeypatch):
    def broken(*args, **options):
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr("engagement.services.tasks.trail.record", broken)
        with pytest.raises(DatabaseError), transaction.atomic():
            following.task(mia, doctor, by=doctor)
    assert Task.objects.count() == 0


def test_answers_are_sealed_and_odd_ones_become_a_task_of_the_responsible_doctor(
    mia, doctor, nurse
):
    plan = following.started(mia, "hypertension", by=nurse)
    first = following.undone(plan)[0]
    said = {"systolic": 182.0, "taken": "no", "remark": "Very dizzy lately"}
    tasks.done(task_id=first.pk, version=first.version, result="", answers=said, by=nurse)
    row = QuestionnaireAnswer.objects.get(task_id=first.pk)
    assert row.answers == said
    assert b"dizzy" not in bytes(row.sealed)
    look = Task.objects.get(origin="answers")
    assert (look.assignee_id, look.origin_id, look.area) == (doctor.pk, first.pk, "care")
    second = following.undone(plan)[0]
    calm = {"systolic": 128.0, "taken": "yes"}
    tasks.done(task_id=second.pk, version=second.version, result="", answers=calm, by=nurse)
    assert Task.objects.filter(origin="answers").count() == 1


def test_the_last_task_finishes_its_plan(mia, doctor):
    plan = following.started(mia, by=doctor)
    (row,) = following.undone(plan)
    assert (row.assignee_id, row.due_at.date() - plan.starts_on) == (doctor.pk, 7 * DAY)
    tasks.done(task_id=row.pk, version=row.version, result="Well", by=doctor)
    plan = FollowUpPlan.objects.get(pk=plan.pk)
    assert (plan.state, plan.ended_by_id) == ("finished", doctor.pk)


def test_a_plan_that_ends_early_gives_its_open_tasks_up(mia, doctor):
    plan = following.started(mia, "hypertension", by=doctor)
    with pytest.raises(plans.AlreadyStarted):
        following.started(mia, "hypertension", by=doctor)
    assert b"hypertension" not in bytes(plan.sealed)
    plans.end(plan_id=plan.pk, version=plan.version, reason="Moved away", by=doctor)
    rows = Task.objects.filter(plan=plan)
    assert {(row.state, row.result) for row in rows} == {("cancelled", "Moved away")}
    assert cast.events("engagement.plan.ended")[0].counts == {"tasks": 3}
    with pytest.raises(plans.NotNow):
        plans.end(plan_id=plan.pk, version=plan.version, reason="Again", by=doctor)


def test_a_contact_closes_its_task_and_makes_the_next_one(mia, doctor):
    row = following.task(mia, doctor, by=doctor)
    said = Said("care", "call_out", "call_back", "At work until six", row.created_at)
    then = Next("Call back after six", row.due_at.date() + DAY, Executor(user_id=doctor.pk))
    about = For(row.pk, row.version, is_done=True)
    noted = contacts.note(patient_id=mia.pk, said=said, then=then, task=about, by=doctor)
    assert (noted.task_id, noted.next_step) == (row.pk, "Call back after six")
    assert b"until six" not in bytes(noted.sealed)
    assert Task.objects.get(pk=row.pk).result == "At work until six"
    made = Task.objects.open().get()
    assert (made.origin, made.origin_id, made.assignee_id) == ("call", noted.pk, doctor.pk)
    with pytest.raises(contacts.NotInTime):
        contacts.note(
            patient_id=mia.pk, by=doctor,
            said=Said("care", "call_out", "reached", "Later", row.due_at + DAY),
        )  # fmt: skip


def test_what_is_refused_of_the_next_step_notes_no_contact(mia, doctor):
    said = Said("care", "call_out", "reached", "Well", following.timezone.now())
    then = Next("Call", following.timezone.localdate(), Executor(user_id=cast.staff("finance").pk))
    with pytest.raises(tasks.NotTheirs):
        contacts.note(patient_id=mia.pk, said=said, then=then, by=doctor)
    assert (Interaction.objects.count(), Task.objects.count()) == (0, 0)
