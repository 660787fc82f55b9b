"""The pages of follow-up: who gets them, what they refuse, and what a form does in one go."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engagement.models import FollowUpPlan, Interaction, PlanTemplate, Task
from engagement.services import templates
from tests.engagement import following
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def task(clinic):
    return following.task(clinic.patient, clinic.users["nurse"], title="Ask about the rash")


def test_a_nurse_works_the_list_and_strangers_find_nothing(clinic, task):
    nurse, url = clinic.client("nurse"), f"/engagement/tasks/{task.pk}/"
    listed = cast.words(nurse.get("/engagement/tasks/", secure=True))
    assert "Ask about the rash" in listed
    for stranger, wanted in (
        ("other_physician", 404), ("receptionist", 404), ("engagement", 404), ("auditor", 403),
    ):  # fmt: skip
        assert clinic.client(stranger).get(url, secure=True).status_code == wanted, stranger
    assert "Ask about the rash" in cast.words(nurse.get(url, secure=True))
    refused = nurse.post(f"{url}give-up/", {"gone-version": 1, "gone-reason": " "}, secure=True)
    assert refused.status_code == 422
    done = nurse.post(f"{url}done/", {"version": 1, "result": "It is gone"}, secure=True)
    assert (done.status_code, done["Location"]) == (302, "/engagement/tasks/")
    row = Task.objects.get(pk=task.pk)
    assert (row.state, row.result, row.done_by_id) == (
        "done",
        "It is gone",
        clinic.users["nurse"].pk,
    )
    again = nurse.post(f"{url}done/", {"version": 2, "result": "Again"}, secure=True)
    assert again.status_code == 422


def test_a_stranger_changes_no_task(clinic, task):
    for deed in ("take", "done", "hand-on", "postpone", "give-up"):
        url = f"/engagement/tasks/{task.pk}/{deed}/"
        sent = clinic.client("other_physician").post(url, {"version": 1}, secure=True)
        assert sent.status_code == 404, deed
    assert Task.objects.get(pk=task.pk).version == 1


def test_one_form_notes_the_call_closes_the_task_and_makes_the_next(clinic, task):
    nurse = clinic.client("nurse")
    url = f"/engagement/patients/{clinic.patient.pk}/contacts/new/?area=care&task={task.pk}"
    local = timezone.localtime()
    sent = {
        "kind": "call_out", "outcome": "call_back", "summary": "At work", "version": 1, "is_done": "on",
        "occurred_at": (local - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"), "next_duty": "call",
        "next_step": "Call after six", "executor": f"person.{clinic.users['nurse'].pk}",
    }  # fmt: skip
    wrong = nurse.post(url, sent, secure=True)
    assert wrong.status_code == 422
    assert Interaction.objects.count() == 0
    assert nurse.post(url, sent | {"next_on": f"{local:%Y-%m-%d}"}, secure=True).status_code == 302
    row = Interaction.objects.get()
    assert (row.task_id, row.area, row.noted_by_id) == (task.pk, "care", clinic.users["nurse"].pk)
    then = Task.objects.open().get()
    assert (then.title, then.assignee_id) == ("Call after six", clinic.users["nurse"].pk)
    for stranger, wanted in (("other_physician", 404), ("finance", 403)):
        status = clinic.client(stranger).post(url, sent, secure=True).status_code
        assert status == wanted, stranger


def test_reception_starts_no_plan_of_carers_and_reads_none_of_its_names(clinic):
    url = f"/engagement/patients/{clinic.patient.pk}/"
    row = following.started(clinic.patient, "after-discharge", by=clinic.users["physician"])
    template = PlanTemplate.objects.get(key="hypertension")
    sent = {"template": template.pk, "starts_on": f"{timezone.localdate():%Y-%m-%d}"}
    desk, doctor = clinic.client("receptionist"), clinic.client("physician")
    assert desk.post(f"{url}plans/new/", sent, secure=True).status_code == 422
    seen = cast.words(desk.get(f"{url}plans/{row.pk}/", secure=True))
    assert "After discharge" not in seen
    assert "Arrange the follow-up visit" in seen
    assert desk.post(f"{url}plans/{row.pk}/end/", {}, secure=True).status_code == 404
    assert doctor.post(f"{url}plans/new/", sent, secure=True).status_code == 302
    assert "High blood pressure" in cast.words(doctor.get(url, secure=True))
    ended = {"version": 1, "reason": "Was a mistake"}
    assert doctor.post(f"{url}plans/{row.pk}/end/", ended, secure=True).status_code == 302
    assert FollowUpPlan.objects.get(pk=row.pk).state == "ended"


def test_templates_are_written_by_administrators_alone(clinic):
    administrator, nurse = clinic.client("administrator"), clinic.client("nurse")
    assert nurse.post("/engagement/follow-up/shipped/", secure=True).status_code == 403
    assert administrator.post("/engagement/follow-up/shipped/", secure=True).status_code == 302
    assert templates.ship() == 0
    row = PlanTemplate.objects.get(key="diabetes")
    assert not PlanTemplate.objects.filter(is_automatic=True).exists()
    change = f"/engagement/follow-up/{row.pk}/change/"
    sent = {
        "name": "Diabetes",
        "sentence": "Calls",
        "trigger": "chronic",
        "is_automatic": "on",
        "is_active": "on",
    }
    assert administrator.post(change, sent, secure=True).status_code == 422
    assert administrator.post(change, sent | {"codes": "E11，O24"}, secure=True).status_code == 302
    row.refresh_from_db()
    assert (row.is_automatic, row.criteria) == (True, {"codes": ["E11", "O24"]})
    step = {
        "title": "Ask",
        "offset_days": 3,
        "area": "desk",
        "duty": "questions",
        "assignee_rule": "nobody",
    }
    asked = row.steps.exclude(questionnaire=None).first().questionnaire_id
    add = f"/engagement/follow-up/{row.pk}/steps/add/"
    assert administrator.post(add, step | {"questionnaire": asked}, secure=True).status_code == 422
    assert administrator.post(add, step, secure=True).status_code == 302
    made = row.steps.get(title="Ask")
    remove = f"/engagement/follow-up/steps/{made.pk}/remove/"
    assert administrator.post(remove, secure=True).status_code == 302
    assert not row.steps.filter(pk=made.pk).exists()
    assert [event.action for event in cast.events("engagement.step.removed")] == [
        "engagement.step.removed"
    ]


def test_the_figures_stand_in_a_table_as_well(clinic, task):
    page = clinic.client("nurse").get("/engagement/tasks/figures/", secure=True)
    assert b"chart-workload" in page.content
    assert "The nurse" in (words := cast.words(page)) or "nurse" in words
    assert (
        clinic.client("finance").get("/engagement/tasks/figures/", secure=True).status_code == 403
    )
