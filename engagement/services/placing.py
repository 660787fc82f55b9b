"""What has to be true before an appointment is put at a time; each refusal says what is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Appointment, Room, Service, ServicePractitioner
from engagement.queries import slots
from engagement.queries.hours import Stretch
from patients.models import Patient, StaffLink
from security import context
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User
from security.sealing import SealBroken


class NobodyThere(Refused):
    """There is no record of a living person to book for: none, merged, erased, or the patient died."""


class NotOffered(Refused):
    """The service is not offered any more."""


class WrongPractitioner(Refused):
    """Somebody else gives this service."""


class KeptOut(Refused):
    """The colleague has to stay out of this record."""


class InThePast(Refused):
    """The time is over."""


class OddTime(Refused):
    """The time is no time of the calendar: off the grid, or years ahead."""


class Closed(Refused):
    """Nobody gives appointments then: outside the hours, absent, or a day off."""


class NoSuchRoom(Refused):
    """The room is not in use any more."""


class PatientBusy(Refused):
    """The patient has another appointment at that time."""


def lock_patient(patient_id: UUID) -> Patient:
    """Lock a patient who may be booked for; raise NobodyThere."""
    rows = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient_id)
    row = rows.first()
    if row is None:
        raise NobodyThere(_("There is no such record."))
    if row.merged_into_id is not None:
        raise NobodyThere(_("This record was merged into another record of the same person."))
    with context.matching():
        try:
            is_dead = bool(row.deceased or row.deceased_at)
        except SealBroken:
            raise NobodyThere(_("This record can not be opened, or was erased.")) from None
    if is_dead:
        raise NobodyThere(_("The patient died."))
    return row


def service_of(service_id: UUID, clinician_id: UUID) -> Service:
    """Return the service somebody gives now; raise NotOffered or WrongPractitioner."""
    service = Service.objects.active().filter(pk=service_id).first()
    if service is None:
        raise NotOffered(_("This service is not offered any more."))
    gives = ServicePractitioner.objects.filter(
        service=service, user_id=clinician_id, is_active=True, user__is_active=True
    ).select_related("user")
    row = gives.first()
    if row is None or not cares(row.user):
        raise WrongPractitioner(_("This colleague does not give this service."))
    return service


def cares(user: User) -> bool:
    """Tell whether somebody may be given patients."""
    return reach_of_user(user, Permission.CLINICAL_READ, "") is Reach.TEAM


def keep_out(patient_id: UUID, clinician_id: UUID) -> None:
    """Refuse a colleague as practitioner of the own record or of one of close family."""
    links = StaffLink.objects.in_force().filter(patient_id=patient_id, user_id=clinician_id)
    if links.exists():
        raise KeptOut(_("This colleague has to stay out of this record. Choose somebody else."))


def check_time(starts_at: datetime) -> None:
    """Refuse what is over, off the grid or too far ahead."""
    now = timezone.now()
    if starts_at <= now:
        raise InThePast(_("This time is over."))
    if slots.rounded(starts_at) != starts_at:
        raise OddTime(_("Appointments begin every five minutes."))
    if starts_at > now + timedelta(days=settings.APPOINTMENT_DAYS_AHEAD):
        raise OddTime(_("This is too far ahead."))


def open_stretch(clinician_id: UUID, starts_at: datetime, ends_at: datetime) -> Stretch:
    """Return the hours that a time lies in; raise Closed."""
    found = slots.stretch_of(clinician_id, starts_at, ends_at)
    if found is None:
        where = clocks.zone()
        raise Closed(
            _("No appointments are given on %(day)s from %(start)s to %(end)s.")
            % {
                "day": clocks.day_words(starts_at, where),
                "start": clocks.clock(starts_at, where),
                "end": clocks.clock(ends_at, where),
            }
        )
    return found


def check_room(room_id: UUID | None) -> None:
    """Refuse a room that is not in use any more."""
    if room_id is not None and not Room.objects.filter(pk=room_id, is_active=True).exists():
        raise NoSuchRoom(_("This room is not in use. Choose another one."))


def check_patient(row: Appointment, starts_at: datetime, ends_at: datetime) -> None:
    """Refuse a second appointment of the same patient at the same time."""
    others = Appointment.objects.standing().filter(
        patient_id=row.patient_id, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if others.exclude(pk=row.pk).exists():
        raise PatientBusy(_("The patient has another appointment at that time."))
