"""What somebody of the clinic has to do about a patient, and by when."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from engagement.models.plan import Area, FollowUpPlan
from patients.models import Patient
from security.classification import Plain
from security.models import Unit, User
from security.sealing import Category, Scope, SealedModel, SealedQuerySet, SealedText


class TaskQuerySet(SealedQuerySet["Task"]):
    """Queries over tasks."""

    def open(self) -> Self:
        """Keep what is still to be done."""
        return self.filter(state=Task.State.OPEN)


class Task(SealedModel):
    """One thing to do for a patient (FHIR Task); done, given up or handed on, never deleted.

    For which template and with which questions is sealed: it may tell what the patient has.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Given up")

    class Duty(models.TextChoices):
        """What is to be done: it says by which page it is done best."""

        OTHER = "other", _("Something else")
        ASSIGN = "assign", _("Assign a doctor")
        RECORD = "record", _("Complete the record")
        CALL = "call", _("Call")
        VISIT = "visit", _("Arrange a visit")
        QUESTIONS = "questions", _("Ask questions")

    Area = Area
    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.task"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=8, choices=Area.choices, default=Area.CARE)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    plan = models.ForeignKey(
        FollowUpPlan, on_delete=models.PROTECT, null=True, related_name="tasks"
    )
    duty = models.CharField(max_length=9, choices=Duty.choices, default=Duty.OTHER)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # How often the executor was told that it is due, when last, and when the unit was.
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    # What it came from: "plan", "call", "feedback"..., and that row.
    origin = models.CharField(max_length=16, blank=True, default="")
    origin_id = models.UUIDField(null=True)

    title = SealedText(level=4, purpose="care")
    # Where it came from a template, which says it in both languages.
    title_zh = SealedText(level=4, purpose="care", blank=True)
    note = SealedText(level=4, purpose="care", blank=True)
    result = SealedText(level=4, purpose="care", blank=True)
    # Key of the questionnaire that is asked.
    questions = SealedText(level=4, purpose="care", blank=True)

    objects = TaskQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        indexes = (
            models.Index(
                fields=["assignee", "due_at"], condition=Q(state="open"), name="engagement_task_of"
            ),
            models.Index(
                fields=["unit", "due_at"], condition=Q(state="open"), name="engagement_task_team"
            ),
            models.Index(fields=["patient", "-due_at"], name="engagement_task_patient"),
            models.Index(
                fields=["due_at"],
                condition=Q(state="open", escalated_at=None),
                name="engagement_task_remind",
            ),
            models.Index(fields=["done_at"], name="engagement_task_done"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "patient", "area", "state", "assignee", "unit", "due_at", "created_at", "created_by",
                "done_at", "done_by", "origin", "origin_id", "plan", "duty", "reminders", "reminded_at",
                "escalated_at",
            )
        }  # fmt: skip
        operational = ("reminders", "reminded_at", "escalated_at")

    @property
    def label(self) -> str:
        """Return what is to be done in the reader's language; opened, and so read."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return str((is_chinese and self.title_zh) or self.title)
