"""A clinic that gives appointments: a doctor with hours, a service, a room, and patients who come."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from engagement.models import Appointment, Room, Service, ServicePractitioner, WorkingHours
from engagement.services import bookings
from security.models import ClinicProfile, Unit, User
from security.services import clinics, units

# Monday 2 November 2026; nothing in the tests asks for the day of today.
MONDAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def clinic(zone: str = "UTC", laws: tuple[str, ...] = ("gdpr",)) -> ClinicProfile:
    """Describe a clinic in a time zone."""
    unit = units.create(name="Clinic", kind=Unit.Kind.CLINIC, by=None)
    profile = clinics.Profile("Clinic", "诊所", laws, ("en",), zone, 14)
    return clinics.describe(clinic=profile, unit=unit, by=None)


def service(*people: User, name: str = "Consultation", minutes: int = 30, **fields) -> Service:
    """Return a service that some people give."""
    row = Service.objects.create(name=name, name_zh="门诊", minutes=minutes, **fields)
    for one in people:
        ServicePractitioner.objects.create(service=row, user=one)
    return row


def room(name: str = "Room 1") -> Room:
    """Return a room."""
    return Room.objects.create(name=name, name_zh="一诊室")


def hours(user: User, where: Room | None = None, begins: int = 9, ends: int = 12, days=range(1, 6)):
    """Let somebody give appointments on weekdays between two hours."""
    return WorkingHours.objects.bulk_create(
        WorkingHours(user=user, weekday=day, begins=time(begins), ends=time(ends), room=where)
        for day in days
    )


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    """Return an instant of the Monday, or of another day."""
    return datetime.combine(day, time(hour, minute), tzinfo=UTC)


def wish(row: Service, doctor: User, starts_at: datetime, **more) -> bookings.Wish:
    """Return what is to be booked."""
    return bookings.Wish(row.pk, doctor.pk, starts_at, **more)


def placed(patient, row: Service, doctor: User, starts_at: datetime, **fields) -> Appointment:
    """Return an appointment as a row, past every check."""
    found = Appointment(
        patient=patient, service=row, clinician=doctor, starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=row.minutes), **fields,
    )  # fmt: skip
    found.save()
    return found
