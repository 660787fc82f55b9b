"""Evidence of the posture: what each check looked at, what it saw and since when, dated."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Queries over evidence."""

    def newest(self) -> Self:
        """Keep the newest result of each check."""
        return self.order_by("check_key", "-checked_at", "-id").distinct("check_key")

    def of(self, key: str) -> Self:
        """Keep the results of one check, the newest first."""
        return self.filter(check_key=key).order_by("-checked_at", "-id")


class Evidence(models.Model):
    """The result of one check at one time; written once and never changed."""

    class Outcome(models.TextChoices):
        GOOD = "good", _("In order")
        WARN = "warn", _("Look at it")
        BAD = "bad", _("Not in order")
        UNKNOWN = "unknown", _("Not known")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run_id = models.UUIDField()
    checked_at = models.DateTimeField(default=timezone.now, editable=False)
    check_key = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    # When the result became what it is: the first of the results that agree without a break.
    since = models.DateTimeField()
    # Sentences by their code, with the numbers and names of settings that stand in them; nothing of a person.
    notes = models.JSONField()

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("evidence"), _("evidence")
        constraints = (
            models.UniqueConstraint(
                fields=["run_id", "check_key"], name="security_evidence_once_a_run"
            ),
        )
        indexes = (
            models.Index(
                fields=["check_key", "-checked_at", "-id"], name="security_evidence_newest"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("id", "run_id", "checked_at", "check_key", "outcome", "since", "notes")
        }

    def __str__(self) -> str:
        """Name the check and its result."""
        return f"{self.check_key} {self.outcome} {self.pk}"
