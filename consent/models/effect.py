"""What the end of a consent starts: one row per job, written with the event and worked off afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.consent import ConsentEvent
from patients.models import Patient
from security.classification import Plain
from security.ids import new_id


class ConsentEffectQuerySet(models.QuerySet["ConsentEffect"]):
    """Queries over the jobs that events of consent started."""

    def due(self, now: datetime) -> Self:
        """Keep what waits to be done now."""
        return self.filter(done_at__isnull=True, due_at__lte=now)


class ConsentEffect(models.Model):
    """One job of one event, by its key in `consent.effects`; done once, tried again until it is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="effects")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    key = models.SlugField(max_length=40)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    # It belongs to the event, which stays with who gave it.
    is_kept_apart = True
    objects = ConsentEffectQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("effect of a consent"), _("effects of consents")
        constraints = (
            models.UniqueConstraint(fields=["event", "key"], name="consent_effect_once"),
        )
        indexes = (
            models.Index(
                fields=["due_at"], condition=Q(done_at__isnull=True), name="consent_effect_due"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("id", "event", "patient", "key", "due_at", "tries", "done_at")
        }

    def __str__(self) -> str:
        """Name the job by its key."""
        return f"{self.key} {self.pk}"
