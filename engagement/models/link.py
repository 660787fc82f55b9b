"""Links in messages that do one thing without signing in: confirm, cancel, opt out, answer a survey."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id


class MessageLinkQuerySet(models.QuerySet["MessageLink"]):
    """Queries over links in messages."""

    def open(self, at: datetime | None = None) -> Self:
        """Keep links whose time is not over."""
        return self.filter(Q(expires_at__gt=at or timezone.now()), revoked_at__isnull=True)


class MessageLink(models.Model):
    """A link that shows and changes one thing; of its token only a keyed digest is kept."""

    class Kind(models.TextChoices):
        APPOINTMENT = "appointment", _("Confirm or cancel an appointment")
        OPT_OUT = "opt_out", _("No more messages")
        SURVEY = "survey", _("Answer a survey")
        LEAD = "lead", _("Confirm an enquiry")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Whose link it is, a patient's or a lead's id, and what it is about.
    subject_id = models.UUIDField()
    target_id = models.UUIDField(null=True)
    # What an opt-out ends: the purpose and the channel of the message that carried it.
    purpose = models.CharField(max_length=32, blank=True, default="")
    channel = models.CharField(max_length=12, blank=True, default="")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = MessageLinkQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("link in a message"), _("links in messages")
        indexes = (models.Index(fields=["kind", "target_id"], name="engagement_link_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="delivery")
            for name in (
                "id", "kind", "subject_id", "target_id", "purpose", "channel", "digest",
                "created_at", "expires_at", "used_at", "revoked_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the link by its kind."""
        return f"{self.kind} {self.pk}"
