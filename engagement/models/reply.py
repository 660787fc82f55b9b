"""What people answered to a message of the clinic, and what was made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models.appointment import Appointment
from patients.models import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedText


class Reply(SealedModel):
    """One answer of one person; what no machine understands waits for somebody to read it."""

    class Meaning(models.TextChoices):
        CONFIRM = "confirm", _("Comes")
        CANCEL = "cancel", _("Does not come")
        STOP = "stop", _("Wants no more messages")
        OTHER = "other", _("Somebody has to read it")

    category, scope, seal_label = Category.APPOINTMENTS, Scope.RECORD, "engagement.reply"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12)
    meaning = models.CharField(max_length=8, choices=Meaning.choices, default=Meaning.OTHER)
    # A keyed digest of the gateway's own number: what it brings twice is taken once.
    source_key = models.BinaryField(max_length=16, null=True, editable=False)
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    text = SealedText(level=4, purpose="care")

    class Meta:
        verbose_name, verbose_name_plural = _("answer to a message"), _("answers to messages")
        constraints = (
            models.UniqueConstraint(
                fields=["patient", "source_key"], name="engagement_reply_one_source"
            ),
        )
        indexes = (
            models.Index(
                fields=["-received_at"], condition=Q(done_at=None), name="engagement_reply_open"
            ),
            models.Index(fields=["patient", "-received_at"], name="engagement_reply_of"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="delivery")
            for name in (
                "patient", "channel", "meaning", "source_key", "received_at", "appointment", "done_at",
                "done_by",
            )
        }  # fmt: skip
