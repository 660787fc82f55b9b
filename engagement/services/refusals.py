"""What was refused in engagement: on the trail, after the deed rolled back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

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


@contextmanager
def noted(*, subjects: Collection[UUID] = (), by: User | None) -> Iterator[None]:
    """Record what a deed within refuses, by the name of the refusal, and let it go on to who asked."""
    try:
        yield
    except Refused as refusal:
        with transaction.atomic():
            trail.record(
                "engagement.appointment.refused",
                outcome="refused",
                subjects=subjects,
                fields=[type(refusal).__name__],
                by=by,
            )
        raise
