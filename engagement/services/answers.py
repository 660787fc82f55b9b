"""What a person answers to a reminder: comes, or does not; by a link without signing in, or by a reply."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Appointment
from engagement.services import bookings, reminders
from security.access.gate import Refused

State = Appointment.State


class TooLate(Refused):
    """The appointment began, is over, or may be cancelled by telephone only."""


@transaction.atomic
def confirm(*, appointment_id: UUID, way: str) -> Appointment:
    """Note that the person will come; said twice, nothing changes."""
    _check_open(appointment_id)
    return bookings.confirm(appointment_id=appointment_id, way=way, by=None)


@transaction.atomic
def cancel(*, appointment_id: UUID, way: str) -> Appointment:
    """Cancel what the person can not come to, within the hours that the service allows."""
    if not may_cancel(_check_open(appointment_id)):
        raise TooLate(_("It is too late to cancel here. Please call the clinic."))
    return bookings.cancel(appointment_id=appointment_id, way=way, by=None)


def may_cancel(row: Appointment) -> bool:
    """Tell whether the person may still cancel without talking to somebody."""
    ends_at = row.starts_at - timedelta(hours=row.service.cancel_hours)
    return is_open(row) and timezone.now() < ends_at


def is_open(row: Appointment) -> bool:
    """Tell whether an appointment still lies ahead."""
    return row.state in reminders.OPEN and timezone.now() < row.starts_at


def _check_open(appointment_id: UUID) -> Appointment:
    row: Appointment = Appointment.objects.select_related("service").get(pk=appointment_id)
    if not is_open(row):
        raise TooLate(_("This appointment is over, or was cancelled."))
    return row
