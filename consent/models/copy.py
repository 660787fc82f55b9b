"""Copies of everything that is held about one person, made on request and taken away once."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.rights import RightsRequest
from patients.models import Patient
from security.classification import SubjectKind
from security.models import User
from security.sealing import (
    Category,
    Plain,
    Scope,
    SealedJSON,
    SealedModel,
    SealedQuerySet,
    SealedText,
)


class RecordCopyQuerySet(SealedQuerySet["RecordCopy"]):
    """Queries over copies."""

    def alive(self) -> Self:
        """Keep copies that are being made or can be taken away."""
        return self.filter(state__in=(RecordCopy.State.MAKING, RecordCopy.State.READY))

    def over(self, at: datetime | None = None) -> Self:
        """Keep copies that nobody may take away any more."""
        return self.filter(state=RecordCopy.State.READY, expires_at__lte=at or timezone.now())


class RecordCopy(SealedModel):
    """One copy: an encrypted archive, and the passphrase that another person hands over."""

    class State(models.TextChoices):
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be made")
        CANCELLED = "cancelled", _("Stopped")
        OVER = "over", _("Over")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.copy"
    subject_field = "subject_id"
    is_kept_apart = True

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="copies")
    subject_id = models.UUIDField()
    subject_of = models.CharField(
        max_length=8, choices=[(one, one) for one in SubjectKind], default=SubjectKind.PATIENT
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=10)
    state = models.CharField(max_length=9, choices=State.choices, default=State.MAKING)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)
    parts_done = models.PositiveIntegerField(default=0)
    parts_total = models.PositiveIntegerField(default=0)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    file_id = models.UUIDField(null=True)
    size = models.PositiveBigIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)
    fetched_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    file_key = SealedText(level=4, purpose="rights", blank=True)
    passphrase = SealedText(level=4, purpose="rights", blank=True)
    digest = SealedText(level=3, purpose="integrity", blank=True)
    # How many rows of which part went in, and which could not be opened.
    manifest = SealedJSON(level=3, purpose="accountability")

    objects = RecordCopyQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = _("copy of a record"), _("copies of records")
        constraints = (
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=("making", "ready")),
                name="consent_copy_one_alive",
            ),
            # Who has the archive does not have its passphrase.
            models.CheckConstraint(
                condition=Q(fetched_by=None) | Q(told_by=None) | ~Q(fetched_by=F("told_by")),
                name="consent_copy_two_people",
            ),
        )
        indexes = (models.Index(fields=["state", "expires_at"], name="consent_copy_over"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "request", "subject_id", "subject_of", "patient", "language", "state", "asked_at",
                "asked_by", "moved_at", "parts_done", "parts_total", "ready_at", "expires_at",
                "file_id", "size", "fetched_at", "fetched_by", "told_at", "told_by",
            )
        }  # fmt: skip
        operational = ("moved_at", "parts_done", "parts_total")

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whether it is about a patient or a colleague."""
        return SubjectKind(self.subject_of)
