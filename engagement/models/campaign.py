"""Messages to many people: what is said to whom, who agreed to it, and what became of each."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.lanes import CHANNELS, CHOICES
from engagement.models.segment import Segment
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import Category, Scope, SealedModel, SealedText


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Queries over campaigns."""

    def due(self) -> Self:
        """Keep what a worker has to go on with now."""
        now = timezone.now()
        begins = Q(state=Campaign.State.APPROVED, send_at__lte=now)
        return self.filter(begins | Q(state=Campaign.State.RUNNING))


class Campaign(models.Model):
    """One message to one segment; it leaves as it was agreed to by somebody who did not write it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        RUNNING = "running", _("Being sent")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Given up")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    lane = models.CharField(max_length=12, choices=CHOICES)
    channel = models.CharField(max_length=12, choices=list(CHANNELS.items()))
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="campaigns")
    # By language: {"en": {"title": "...", "text": "..."}, "zh-hans": {...}}.
    content = models.JSONField(default=dict)
    per_minute = models.PositiveIntegerField(default=60)
    send_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    authors = ArrayField(models.UUIDField(), default=list)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    # Of what was agreed to: content, segment, channel, pace and hour. Anything else does not leave.
    approved_sha256 = models.CharField(max_length=64, blank=True, default="")
    refusal = models.CharField(max_length=500, blank=True, default="")
    # Why it stopped by itself, as one word.
    stopped_why = models.CharField(max_length=20, blank=True, default="")
    # When who gets it was worked out, for good.
    listed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # The page of the library and the month it was made for; of two with one edition there is one.
    edition = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("campaign"), _("campaigns")
        constraints = (
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "running"]) | Q(approved_by__isnull=False),
                name="engagement_campaign_agreed",
            ),
            models.CheckConstraint(
                condition=Q(per_minute__gte=1), name="engagement_campaign_moves"
            ),
        )
        indexes = (models.Index(fields=["state", "send_at"], name="engagement_campaign_due"),)

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "name", "lane", "channel", "segment", "content", "per_minute", "send_at", "state",
                "authors", "changed_at", "changed_by", "approved_by", "approved_at", "approved_sha256",
                "refusal", "stopped_why", "listed_at", "finished_at", "edition", "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its id."""
        return f"campaign {self.pk}"


class CampaignRecipient(SealedModel):
    """One person of one campaign, once: waiting, on its way, sent, failed, or left out and why."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Left out")

    category, scope, seal_label = Category.CAMPAIGNS, Scope.ENGAGEMENT, "engagement.recipient"
    subject_field = "patient_id"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="recipients")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    # One word why somebody was left out or not reached, see engagement.queries.exclusions.
    reason = models.CharField(max_length=20, blank=True, default="")
    # How often it was tried from the beginning: each has a message of its own.
    round = models.PositiveSmallIntegerField(default=0)
    message_id = models.UUIDField(null=True)
    queued_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # Where it was to go when the list was made, masked.
    destination = SealedText(level=4, purpose="delivery", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("recipient"), _("recipients")
        constraints = (
            models.UniqueConstraint(
                fields=["patient", "campaign"], name="engagement_campaignrecipient_once"
            ),
        )
        indexes = (
            models.Index(fields=["campaign", "state"], name="engagement_recipient_of"),
            models.Index(
                fields=["patient", "queued_at"],
                condition=Q(queued_at__isnull=False),
                name="engagement_recipient_got",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="delivery")
            for name in (
                "campaign", "patient", "state", "reason", "round", "message_id", "queued_at", "created_at",
            )
        }  # fmt: skip
        operational = ("state", "reason", "round", "message_id", "queued_at")
