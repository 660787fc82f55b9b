"""The outbox: what leaves the house, sealed until it does; transport only."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Category, Plain, Scope, SubjectKind
from security.sealing.fields import SealedText
from security.sealing.rows import SealedModel


class OutboxMessage(SealedModel):
    """One message to one address by one channel; written by a deed, sent by a task, retried."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        # A worker took it, or it lies in a batch of letters to be posted.
        SENDING = "sending", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        # It may not leave any more: consent was withdrawn, the reason is gone, somebody stopped it.
        SKIPPED = "skipped", _("Not sent")

    category, scope, seal_label = Category.ACCOUNT, Scope.RECORD, "security.outbox"
    subject_field = "subject_id"

    subject_id = models.UUIDField()
    recipient_kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in SubjectKind])
    channel = models.CharField(max_length=12)
    topic = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True)
    # What the gateway told afterwards: that it arrived.
    delivered_at = models.DateTimeField(null=True)
    # Letters: the batch they were printed in.
    batch_id = models.UUIDField(null=True)
    failure = models.CharField(max_length=60, blank=True, default="")
    # Why data are used, asked again before it leaves; empty where no person's choice is asked.
    purpose = models.CharField(max_length=32, blank=True, default="")
    # Of two messages with one key the second is never made; most have none, and none is no key.
    once_key = models.CharField(max_length=100, null=True, unique=True)  # noqa: DJ001
    # What it came from, for whoever wants to know what became of it.
    origin_id = models.UUIDField(null=True)

    address = SealedText(level=4, purpose="delivery")
    title = SealedText(level=4, purpose="delivery")
    text = SealedText(level=4, purpose="delivery")
    link = SealedText(level=4, purpose="delivery", blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["state", "next_at"], name="security_outbox_next"),
            models.Index(
                fields=["origin_id"],
                condition=models.Q(origin_id__isnull=False),
                name="security_outbox_origin",
            ),
            # What became of the latest messages to one person.
            models.Index(fields=["subject_id", "-created_at"], name="security_outbox_to"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="delivery")
            for name in (
                "subject_id", "recipient_kind", "channel", "topic", "state", "attempts", "next_at",
                "created_at", "sent_at", "delivered_at", "batch_id", "failure", "purpose", "once_key",
                "origin_id",
            )
        }  # fmt: skip
        operational = (
            "state", "attempts", "next_at", "sent_at", "delivered_at", "batch_id", "failure",
        )  # fmt: skip

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whether it goes to a patient or a user."""
        return SubjectKind(self.recipient_kind)
