"""What passed between a patient and the clinic outside of visits: calls, letters, talks."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.plan import Area
from patients.models import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedText


class Interaction(SealedModel):
    """One contact, as whoever had it noted it (FHIR Communication)."""

    class Kind(models.TextChoices):
        CALL_OUT = "call_out", _("Call to the patient")
        CALL_IN = "call_in", _("Call by the patient")
        TALK = "talk", _("Talk at the desk")
        LETTER = "letter", _("Letter")
        OTHER = "other", _("Other contact")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        NOT_REACHED = "not_reached", _("Not reached")
        CALL_BACK = "call_back", _("Wants to be called back")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        DECLINED = "declined", _("Does not want to be called")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.interaction"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # Who may read it, as of tasks.
    area = models.CharField(max_length=8, choices=Area.choices, default=Area.CARE)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    occurred_at = models.DateTimeField(default=timezone.now)
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    task_id = models.UUIDField(null=True)

    summary = SealedText(level=4, purpose="care")
    next_step = SealedText(level=4, purpose="care", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("contact"), _("contacts")
        indexes = (
            models.Index(fields=["patient", "-occurred_at"], name="engagement_contact_when"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="care")
            for name in (
                "patient", "area", "kind", "outcome", "occurred_at", "noted_at", "noted_by", "task_id",
            )
        }  # fmt: skip
