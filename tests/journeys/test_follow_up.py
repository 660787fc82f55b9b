"""A nurse works the follow-up list in one form; a doctor looks at the board and the figures in Chinese."""

from __future__ import annotations

import pytest
from django.utils import timezone

from engagement.models import Interaction, Task
from patients.models import Patient
from security import trail
from security.classification import Category
from tests.engagement import following

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_nurse_works_the_list_and_a_doctor_sees_the_board_in_chinese(doors, clinic):
    nurse = doors.open()
    page, user = nurse.page, nurse.is_signed_in("nurse1")
    with trail.acting_for(actor=user, purpose="TREAT"):
        patient = Patient.objects.visible_to(user, Category.CLINICAL).earliest("created_at")
        following.task(patient, user, title="Ask about the cough", by=user)
    nurse.goes("/engagement/tasks/")
    nurse.look("my tasks")
    nurse.presses("Ask about the cough", role="link")
    nurse.look("task")
    nurse.presses("Note a contact", role="link")
    page.locator("select[name=outcome]").select_option("call_back")
    page.locator("textarea[name=summary]").fill("At work, please call in the evening.")
    page.locator("input[name=next_step]").fill("Call after six")
    page.locator("input[name=next_on]").fill(timezone.localdate().isoformat())
    nurse.look("contact")
    nurse.presses("Note it")
    nurse.sees("The contact was noted.", within="body")
    nurse.sees("Call after six")
    nurse.look("relationship")
    row = Interaction.objects.latest("noted_at")
    assert Task.objects.get(pk=row.task_id).state == "done"
    assert Task.objects.get(origin_id=row.pk).assignee == clinic.people["nurse1"]

    doctor = doors.open(locale="zh-CN", color_scheme="dark")
    doctor.is_signed_in("physician1")
    doctor.goes("/engagement/tasks/team/")
    doctor.sees("团队看板")
    doctor.look("board")
    doctor.goes("/engagement/tasks/figures/")
    doctor.sees("工作量")
    doctor.look("figures")
