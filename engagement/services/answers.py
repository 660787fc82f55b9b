"""What a person answers to a reminder: comes, or does not; by a link without signing in, or by a reply."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Appointment
from engagement.services import reminders
from security import trail
from security.access.gate import Refused

State = Appointment.State


class TooLate(Refused):
    """The appointment began, is over, or may be cancelled by telephone only."""


@transaction.atomic
def confirm(*, appointment_id: UUID, way: str) -> Appointment:
    """Note that the person will come; said twice, nothing changes."""
    row = _open(appointment_id)
    if row.confirmed_at is None:
        row.confirmed_at = timezone.now()
        row.advance()
        row.save()
        _tell("engagement.appointment.confirmed", row, way)
    return row


@transaction.atomic
def cancel(*, appointment_id: UUID, way: str) -> Appointment:
    """Cancel what the person can not come to, within the hours that the service allows."""
    row = _open(appointment_id)
    if not may_cancel(row):
        raise TooLate(_("It is too late to cancel here. Please call the clinic."))
    row.state, row.cancelled_at = State.CANCELLED, timezone.now()
    row.advance()
    row.save()
    _tell("engagement.appointment.cancelled", row, way)
    reminders.drop(row)
    return row


def may_cancel(row: Appointment) -> bool:
    """Tell whether the person may still cancel without talking to somebody."""
    ends_at = row.starts_at - timedelta(hours=row.service.cancel_hours)
    return is_open(row) and timezone.now() < ends_at


def is_open(row: Appointment) -> bool:
    """Tell whether an appointment still lies ahead."""
    return row.state in reminders.OPEN and timezone.now() < row.starts_at


def _open(appointment_id: UUID) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related("service")
    row: Appointment = rows.get(pk=appointment_id)
    if not is_open(row):
        raise TooLate(_("This appointment is over, or was cancelled."))
    return row


def _tell(action: str, row: Appointment, way: str) -> None:
    trail.record(
        action, subjects=[row.patient_id], changed=[row], obj=row, fields=[f"way:{way}"], by=None
    )
