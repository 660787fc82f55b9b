"""Plans of follow-up: the templates with their steps and questions, and the plans of patients."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from engagement.models.service import Named
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import (
    Category,
    Scope,
    SealedJSON,
    SealedModel,
    SealedQuerySet,
    SealedText,
)


class Area(models.TextChoices):
    """Who may see it: carers of the patient, the desk, or those who keep in touch."""

    CARE = "care", _("Care")
    DESK = "desk", _("Front desk")
    OUTREACH = "outreach", _("Outreach")


class Questionnaire(Named):
    """Questions that are asked at a step, in both languages (FHIR Questionnaire)."""

    key = models.SlugField(max_length=40, unique=True)
    # [{"key", "kind", "label", "label_zh", "choices": [[key, label, label_zh]...]}...]
    questions = models.JSONField(default=list)

    class Meta:
        verbose_name, verbose_name_plural = _("questionnaire"), _("questionnaires")

    class Privacy:
        plain = {name: Plain(level=1, purpose="organisation") for name in ("key", "questions")}


class PlanTemplateQuerySet(models.QuerySet["PlanTemplate"]):
    """Queries over templates."""

    def active(self) -> Self:
        """Keep what may be started."""
        return self.filter(is_active=True)

    def automatic(self) -> Self:
        """Keep what a rule starts."""
        return self.active().filter(is_automatic=True)


class PlanTemplate(Named):
    """A way of following patients up: when it begins and its steps (FHIR PlanDefinition)."""

    class Trigger(models.TextChoices):
        MANUAL = "manual", _("Started by hand")
        REGISTERED = "registered", _("A patient is registered")
        DISCHARGE = "discharge", _("A visit or stay ended")
        CHRONIC = "chronic", _("A chronic disease is recorded")
        VACCINATION = "vaccination", _("A vaccination is due")
        BIRTHDAY = "birthday", _("Birthday check-up")

    key = models.SlugField(max_length=40, unique=True)
    sentence = models.CharField(max_length=300, blank=True, default="")
    sentence_zh = models.CharField(max_length=300, blank=True, default="")
    trigger = models.CharField(max_length=12, choices=Trigger.choices, default=Trigger.MANUAL)
    # What the rule looks for: codes, classes, ages, days; see engagement.services.triggers.
    criteria = models.JSONField(default=dict, blank=True)
    # Whether the rule runs at night; by hand it may be started in any case.
    is_automatic = models.BooleanField(default=False)
    # Until when the rule has looked.
    looked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PlanTemplateQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("template of follow-up"), _("templates of follow-up")

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "key", "sentence", "sentence_zh", "trigger", "criteria", "is_automatic", "looked_at",
                "changed_at", "changed_by",
            )
        }  # fmt: skip

    @property
    def words(self) -> str:
        """Return what it is for in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return (is_chinese and self.sentence_zh) or self.sentence


class PlanStep(models.Model):
    """One step of a template: what is done how many days after the beginning, and who is given it."""

    class Assignee(models.TextChoices):
        RESPONSIBLE = "responsible", _("The responsible doctor")
        STARTER = "starter", _("Whoever starts the plan")
        TEAM = "team", _("The care team")
        NOBODY = "nobody", _("Whoever takes it")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(PlanTemplate, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    offset_days = models.PositiveSmallIntegerField(default=0)
    area = models.CharField(max_length=8, choices=Area.choices, default=Area.CARE)
    duty = models.CharField(max_length=9, default="other")
    assignee_rule = models.CharField(
        max_length=11, choices=Assignee.choices, default=Assignee.RESPONSIBLE
    )
    title = models.CharField(max_length=120)
    title_zh = models.CharField(max_length=120, blank=True, default="")
    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name, verbose_name_plural = _("step of follow-up"), _("steps of follow-up")
        constraints = (
            models.UniqueConstraint(
                fields=["template", "position"], name="engagement_planstep_one_place"
            ),
            # Answers are health data: only who cares for the patient asks.
            models.CheckConstraint(
                condition=Q(questionnaire=None) | Q(area="care"),
                name="engagement_planstep_questions_in_care",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "template", "position", "offset_days", "area", "duty", "assignee_rule", "title",
                "title_zh", "questionnaire",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the step by its place."""
        return f"{self.template_id} {self.position}"

    @property
    def label(self) -> str:
        """Return what is to be done in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return (is_chinese and self.title_zh) or self.title


class FollowUpPlanQuerySet(SealedQuerySet["FollowUpPlan"]):
    """Queries over plans."""

    def running(self) -> Self:
        """Keep plans that are not over."""
        return self.filter(state=FollowUpPlan.State.RUNNING)


class FollowUpPlan(SealedModel):
    """One patient's plan by one template; of which template is sealed, for it may name a disease.

    One per patient, template and row that started it: `once_key` is a keyed digest of these.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        ENDED = "ended", _("Ended early")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.plan"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    # The areas of its steps: who may see it.
    areas = models.JSONField(default=list)
    starts_on = models.DateField()
    once_key = models.BinaryField(max_length=16, null=True, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    template_key = SealedText(level=4, purpose="care")
    reason = SealedText(level=4, purpose="care", blank=True)

    objects = FollowUpPlanQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("follow-up plan"), _("follow-up plans")
        constraints = (
            models.UniqueConstraint(
                fields=["patient", "once_key"], name="engagement_followupplan_once"
            ),
        )
        indexes = (
            models.Index(fields=["patient", "-started_at"], name="engagement_plan_patient"),
            models.Index(fields=["once_key"], name="engagement_plan_once"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "patient", "state", "areas", "starts_on", "once_key", "started_at", "started_by",
                "ended_at", "ended_by",
            )
        }  # fmt: skip


class QuestionnaireAnswer(SealedModel):
    """What a patient answered at a step (FHIR QuestionnaireResponse); clinical, and kept with the record."""

    category, scope, seal_label = Category.CLINICAL, Scope.RECORD, "engagement.questionnaire_answer"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    task_id = models.UUIDField(null=True)
    answered_at = models.DateTimeField(default=timezone.now)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    questionnaire_key = SealedText(level=4, purpose="care")
    # {key of the question: what was answered}
    answers = SealedJSON(level=4, purpose="care")

    class Meta:
        verbose_name, verbose_name_plural = _("answers"), _("answers")
        indexes = (
            models.Index(fields=["task_id"], name="engagement_answer_task"),
            models.Index(fields=["patient", "-answered_at"], name="engagement_answer_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in ("patient", "task_id", "answered_at", "noted_by")
        }
