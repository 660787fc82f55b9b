"""Giving out a statement of account: a disclosure, told to the trail."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from security import trail
from security.models import User


@transaction.atomic
def give_out(*, patient_id: UUID, bills: int, by: User) -> None:
    """Record that a statement left the product; what it says is recorded nowhere."""
    trail.record(
        "patients.statement.issued", subjects=[patient_id], counts={"invoices": bills}, by=by
    )
