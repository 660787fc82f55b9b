"""Taking an offered time: the booking, and the later appointment that is given up for it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from engagement.models import Appointment
from engagement.services import bookings, waiting
from security.models import User


@transaction.atomic
def accept(*, offer_id: UUID, by: User | None) -> Appointment:
    """Book an offered time for who waits; a later appointment of the same service is moved to it."""
    # Not locked: a booking locks the patient and the time first, and ends the offer itself.
    row = waiting.open_offer(offer_id)
    entry = row.entry
    wish = bookings.Wish(entry.service_id, row.clinician_id, row.starts_at, row.room_id)
    standing = Appointment.objects.filter(patient_id=entry.patient_id, state__in=Appointment.AHEAD)
    later = standing.filter(pk=entry.instead_of).first() if entry.instead_of else None
    if later is None:
        return bookings.book(patient_id=entry.patient_id, wish=wish, by=by)
    moved = bookings.move(appointment_id=later.pk, version=later.version, wish=wish, by=by)
    waiting.note_booked(appointment=moved, by=by)
    return moved
