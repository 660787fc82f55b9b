"""Events that wait for the sealer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from security.classification import Plain


class Pending(models.Model):
    """An event that is in no signed tree yet; written with it, deleted by the sealer alone."""

    event_id = models.UUIDField(primary_key=True)

    class Meta:
        verbose_name, verbose_name_plural = _("event to be sealed"), _("events to be sealed")

    class Privacy:
        plain = {"event_id": Plain(level=3, purpose="integrity")}

    def __str__(self) -> str:
        """Name the event."""
        return f"pending {self.pk}"
