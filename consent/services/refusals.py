"""What was refused on a page that says so itself: on the trail, after the deed rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import models, transaction

from security import trail
from security.access.gate import Refused
from security.models import User


@transaction.atomic
def note(
    refusal: Refused, *, subjects: Sequence[UUID] = (), obj: models.Model | None = None, by: User
) -> str:
    """Record that work on consent and rights was refused and why; return the sentence for the person."""
    why, reason = type(refusal).__name__, str(refusal.reason)
    trail.record(
        "consent.change.refused", outcome="refused", subjects=subjects, obj=obj, fields=[why],
        reason=reason, by=by,
    )  # fmt: skip
    return reason
