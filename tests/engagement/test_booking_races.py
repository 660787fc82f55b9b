"""Many who want one time at once: one has it, the others are told the next free ones."""

from __future__ import annotations

import os

import pytest

from engagement.models import Appointment, Claim
from engagement.services import bookings
from engagement.services.claims import SlotTaken
from tests.engagement import booking
from tests.engagement.booking import NOW, at, wish
from tests.patients import cast
from tests.together import at_once, split

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 50 if os.environ.get("CUSTODIA_PROVE") else 8


@pytest.fixture
def visit(system, time_machine):
    time_machine.move_to(NOW, tick=False)
    booking.clinic()
    doctor = cast.staff("physician")
    booking.hours(doctor, booking.room())
    return booking.service(doctor), doctor


def booked(patient, row, doctor, starts_at):
    return bookings.book(patient_id=patient.pk, wish=wish(row, doctor, starts_at), by=None)


@pytest.mark.prove(step=5, full=50)
def test_one_of_many_has_a_time_and_the_others_are_told_the_next(visit, record_property):
    people = [cast.patient(given=f"P{number}") for number in range(AT_ONCE)]
    answers = at_once(*[lambda one=one: booked(one, *visit, at(9)) for one in people])
    done, refused = split(answers)
    assert len(done) == Appointment.objects.count() == 1
    assert Claim.objects.count() == 12
    assert len(cast.events("engagement.appointment.booked")) == 1
    assert len(refused) == AT_ONCE - 1
    for one in refused:
        assert isinstance(one, SlotTaken)
        assert [slot.starts_at for slot in one.others] == [at(9, 30), at(10), at(10, 30)]
    record_property("bookings", AT_ONCE)


def test_two_who_change_places_wait_for_each_other_and_neither_hangs(visit):
    row, doctor = visit
    rows = [
        booked(cast.patient(given=name), row, doctor, at(hour))
        for name, hour in (("A", 9), ("B", 10))
    ]

    def move(one, hour):
        new = wish(row, doctor, at(hour))
        return bookings.move(appointment_id=one.pk, version=one.version, wish=new, by=None)

    done, refused = split(at_once(lambda: move(rows[0], 10), lambda: move(rows[1], 9)))
    assert (done, [type(one) for one in refused]) == ([], [SlotTaken, SlotTaken])
    assert Claim.objects.count() == 24
