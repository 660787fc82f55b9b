"""Exports: who asked for what and why, who agreed, and the sealed file as long as it lives."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Category, Plain, Scope, SubjectKind
from security.models.user import User
from security.sealing.fields import SealedJSON, SealedText
from security.sealing.rows import SealedModel


class Export(SealedModel):
    """One export from the request to the end of its file; nobody agrees to the own one."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        PREPARING = "preparing", _("Being prepared")
        READY = "ready", _("Ready")
        OVER = "over", _("Over")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    category, scope, seal_label = Category.EXPORT, Scope.RECORD, "security.export"
    subject_kind, subject_field = SubjectKind.USER, "requested_by_id"

    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports")
    exporter = models.CharField(max_length=40)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    purpose = models.CharField(max_length=12)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # The sign-in that prepared the file: its end is the end of the link.
    sign_in_ref = models.CharField(max_length=64, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    rows_count = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True, default="")
    file_id = models.UUIDField(null=True)
    # Of the work that goes on: how far it is, and when it last moved.
    rows_done = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    reason = SealedText(level=4, purpose="export")
    parameters = SealedJSON(level=4, purpose="export")
    refusal = SealedText(level=4, purpose="export")
    file_key = SealedText(level=4, purpose="export")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="security_export_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="security_export_decided_pair",
            ),
        )
        indexes = (
            models.Index(fields=["requested_by", "-requested_at"], name="security_export_mine"),
            models.Index(fields=["state", "requested_at"], name="security_export_state"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="export")
            for name in (
                "requested_by", "exporter", "kind", "purpose", "state", "requested_at", "decided_by",
                "decided_at", "sign_in_ref", "expires_at", "rows_count", "digest", "file_id",
                "rows_done", "moved_at",
            )
        }  # fmt: skip
        operational = ("rows_done", "moved_at")
