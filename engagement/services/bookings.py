"""Appointments: booked, moved, cancelled, kept; one after the other wherever they meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Appointment
from engagement.queries import slots
from engagement.services import claims, placing, reaches, reminders, waiting
from engagement.services.claims import SlotTaken
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import StaleRecord

State = Appointment.State


class NotOpen(Refused):
    """What is asked for does not fit how the appointment stands."""


class TooLate(Refused):
    """Patients cancel by themselves until some hours before."""


class TooEarly(Refused):
    """The appointment has not begun, so nobody has missed it."""


class NotToday(Refused):
    """Who is checked in has an appointment today."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is booked: a service by somebody at a time; the room is the usual one unless named."""

    service_id: UUID
    clinician_id: UUID
    starts_at: datetime
    room_id: UUID | None = None
    note: str = ""


@transaction.atomic
def book(*, patient_id: UUID, wish: Wish, by: User | None) -> Appointment:
    """Book a free time for a patient; the clinician reaches the record around it."""
    row = Appointment(patient_id=patient_id, booked_by=by, note=" ".join(wish.note.split()))
    _place(row, wish)
    reaches.give(appointments=[row], by=by)
    row.save()
    waiting.note_booked(appointment=row, by=by)
    _tell("engagement.appointment.booked", row, by)
    reminders.plan(row, by=by)
    return row


def _place(row: Appointment, wish: Wish) -> None:
    """Put an appointment at a time, with every check, and take the time."""
    placing.lock_patient(row.patient_id)
    service = placing.service_of(wish.service_id, wish.clinician_id)
    placing.keep_out(row.patient_id, wish.clinician_id)
    starts_at = wish.starts_at
    ends_at = starts_at + timedelta(minutes=service.minutes)
    placing.check_time(starts_at)
    stretch = placing.open_stretch(wish.clinician_id, starts_at, ends_at)
    room_id = wish.room_id or stretch.room_id
    placing.check_room(room_id)
    claims.lock(resources=[wish.clinician_id, room_id, row.clinician_id, row.room_id])
    placing.check_patient(row, starts_at, ends_at)
    row.service_id, row.clinician_id, row.room_id = service.pk, wish.clinician_id, room_id
    row.starts_at, row.ends_at = starts_at, ends_at
    claims.release(appointment_id=row.pk)
    try:
        claims.take(appointment=row)
    except SlotTaken:
        others = slots.next_free(service, after=starts_at, clinician_id=wish.clinician_id)
        raise SlotTaken(others) from None


@transaction.atomic
def move(*, appointment_id: UUID, version: int, wish: Wish, by: User | None) -> Appointment:
    """Give an appointment another time, clinician or room; the old time is offered to who waits."""
    row = _locked(appointment_id, version, Appointment.AHEAD, _("Only what lies ahead is moved."))
    freed = _slot_of(row)
    _refuse_late(row, by)
    reaches.end(appointments=[row], by=by)
    row.reach_id, row.confirmed_at = None, None
    _place(row, wish)
    reaches.give(appointments=[row], by=by)
    if wish.note.strip():
        row.note = " ".join(wish.note.split())
    _write(row)
    _tell("engagement.appointment.moved", row, by)
    reminders.plan(row, by=by)
    waiting.offer(freed=freed, service_id=row.service_id, by=by)
    return row


@transaction.atomic
def cancel(
    *,
    appointment_id: UUID,
    version: int | None = None,
    reason: str = "",
    way: str = "",
    by: User | None,
) -> Appointment:
    """Cancel an appointment; its reach ends, and its time is offered to who waits longest.

    `way` says by what somebody did it who did not sign in: a link, a reply.
    """
    row = _locked(
        appointment_id, version, Appointment.AHEAD, _("Only what lies ahead is cancelled.")
    )
    _refuse_late(row, by)
    freed = _slot_of(row)
    row.state, row.cancelled_at = State.CANCELLED, timezone.now()
    row.cancel_reason = " ".join(reason.split())
    reaches.end(appointments=[row], by=by)
    claims.release(appointment_id=row.pk)
    _write(row)
    _tell("engagement.appointment.cancelled", row, by, way)
    reminders.drop(row, by=by)
    waiting.offer(freed=freed, service_id=row.service_id, by=by)
    return row


@transaction.atomic
def confirm(*, appointment_id: UUID, way: str = "", by: User | None) -> Appointment:
    """Note that the patient will come; saying it twice changes nothing."""
    row = _locked(appointment_id, None, Appointment.AHEAD, _("Only what lies ahead is confirmed."))
    if row.confirmed_at is None:
        row.confirmed_at = timezone.now()
        _write(row)
        _tell("engagement.appointment.confirmed", row, by, way)
    return row


@transaction.atomic
def check_in(*, appointment_id: UUID, version: int, by: User | None) -> Appointment:
    """Note that the patient is here; also of somebody who comes late and was given up."""
    states = (*Appointment.AHEAD, State.NOSHOW)
    row = _locked(appointment_id, version, states, _("Only who is expected is checked in."))
    where = clocks.zone()
    if row.starts_at.astimezone(where).date() != clocks.today(where):
        raise NotToday(_("This appointment is on another day. Move it, or book another time."))
    if row.state == State.NOSHOW:
        claims.lock(resources=[row.clinician_id, row.room_id])
        claims.take(appointment=row)
    row.state, row.arrived_at = State.ARRIVED, timezone.now()
    _write(row)
    _tell("engagement.appointment.checked_in", row, by)
    return row


@transaction.atomic
def start(*, appointment_id: UUID, version: int, by: User | None) -> Appointment:
    """Note that the clinician takes the patient in."""
    row = _locked(appointment_id, version, (State.ARRIVED,), _("Only who is here can be taken in."))
    row.state, row.started_at = State.STARTED, timezone.now()
    _write(row)
    _tell("engagement.appointment.started", row, by)
    return row


@transaction.atomic
def finish(*, appointment_id: UUID, version: int, by: User | None) -> Appointment:
    """Note that the appointment is over."""
    states = (State.ARRIVED, State.STARTED)
    row = _locked(appointment_id, version, states, _("Only who was here can be done."))
    row.state, row.done_at = State.FULFILLED, timezone.now()
    _write(row)
    _tell("engagement.appointment.finished", row, by)
    reminders.drop(row, by=by)
    return row


@transaction.atomic
def miss(*, appointment_id: UUID, version: int, by: User | None) -> Appointment:
    """Note that the patient did not come."""
    row = _locked(appointment_id, version, Appointment.AHEAD, _("Only who was expected is missed."))
    if row.starts_at > timezone.now():
        raise TooEarly(_("The appointment has not begun yet."))
    row.state = State.NOSHOW
    claims.release(appointment_id=row.pk)
    _write(row)
    _tell("engagement.appointment.missed", row, by)
    reminders.drop(row, by=by)
    return row


def _locked(
    appointment_id: UUID, version: int | None, states: tuple[str, ...], sentence: object
) -> Appointment:
    # The patient first, as everywhere: a merge that goes on meanwhile is waited for.
    rows = Appointment.objects.filter(pk=appointment_id)
    patient_id = rows.values_list("patient_id", flat=True).first()
    if patient_id is None:
        raise NotOpen(_("There is no such appointment."))
    placing.lock_patient(patient_id)
    row: Appointment = rows.select_for_update(of=("self",)).get()
    if row.patient_id != patient_id:
        raise StaleRecord(repr(row))
    if version is not None and row.version != version:
        raise StaleRecord(repr(row))
    if row.state not in states:
        label = State(row.state).label
        raise NotOpen(_("%(sentence)s It is: %(state)s.") % {"sentence": sentence, "state": label})
    return row


def _refuse_late(row: Appointment, by: User | None) -> None:
    if by is None or by.kind != User.Kind.PATIENT:
        return
    hours = row.service.cancel_hours
    if row.starts_at - timedelta(hours=hours) < timezone.now():
        raise TooLate(
            _("Less than %(hours)d hours before, please call the clinic.") % {"hours": hours}
        )


def _slot_of(row: Appointment) -> slots.Slot:
    return slots.Slot(row.clinician_id, row.room_id, row.starts_at, row.ends_at)


def _write(row: Appointment) -> None:
    row.advance()
    row.save()


def _tell(action: str, row: Appointment, by: User | None, way: str = "") -> None:
    trail.record(
        action,
        subjects=[row.patient_id],
        changed=[row],
        obj=row,
        fields=[f"clinician:{row.clinician_id}", *([f"way:{way}"] if way else [])],
        by=by,
    )
