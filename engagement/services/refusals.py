"""What was refused about campaigns: the sentence that was told, on the trail, after the deed rolled back."""

from __future__ import annotations

from django.db import models, transaction

from security import trail
from security.access.gate import Refused
from security.models import User


@transaction.atomic
def note(refusal: Refused, *, obj: models.Model | None = None, by: User) -> str:
    """Record that something was refused and why; return the sentence for the person."""
    why, reason = type(refusal).__name__, str(refusal.reason)
    trail.record(
        "engagement.deed.refused", outcome="refused", obj=obj, fields=[why], reason=reason, by=by
    )
    return reason
