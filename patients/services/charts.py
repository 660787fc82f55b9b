"""Opening a chart: a deed of its own, told before anything is shown."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from security import trail
from security.models import User


@transaction.atomic
def open_tab(*, patient_id: UUID, tab: str, by: User) -> None:
    """Record that a person opened a part of a chart, on what ground and for what purpose."""
    trail.record("patients.chart.opened", subjects=[patient_id], fields=[tab], by=by)
