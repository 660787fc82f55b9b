"""Counters of failures, by keyed hash: what was typed and where it came from is stored nowhere."""

from __future__ import annotations

from django.db import models

from security.classification import Plain


class Throttle(models.Model):
    """How often something failed under one key, and until when it waits; swept after a day."""

    key = models.BinaryField(primary_key=True, max_length=16)
    failures = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["last_at"], name="security_throttle_last"),)

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="security")
            for name in ("key", "failures", "first_at", "last_at", "blocked_until")
        }

    def __str__(self) -> str:
        """Name nothing."""
        return "throttle"
