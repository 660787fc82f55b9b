"""What a person wishes of messages: taken down at the desk; it allows nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from engagement.models import ContactPreference
from engagement.services import reminders
from patients.models import Patient
from security import trail
from security.models import User
from security.sealing import StaleRecord


@transaction.atomic
def change(
    *, patient_id: UUID, version: int, fields: Mapping[str, Any], by: User | None
) -> ContactPreference:
    """Take down what a person wishes; raise StaleRecord where somebody else did meanwhile."""
    # Held, so that two first wishes come one after the other.
    Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)
    row = ContactPreference.objects.filter(patient_id=patient_id).first()
    is_new = row is None
    row = row or ContactPreference(patient_id=patient_id)
    if version != (0 if is_new else row.version):
        raise StaleRecord(repr(row))
    for name, value in fields.items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = timezone.now(), by
    if not is_new:
        row.advance()
    row.save(force_insert=is_new)
    trail.record(
        "engagement.preference.changed", subjects=[patient_id], changed=[row], obj=row,
        fields=sorted(fields), by=by,
    )  # fmt: skip
    reminders.plan_again(patient_id=patient_id, by=by)
    return row
