"""The waiting list: a time that becomes free goes to the first whom it fits."""

from datetime import timedelta

import pytest

from engagement.models import Appointment, SlotOffer, WaitingEntry
from engagement.services import bookings, claims, offers, waiting
from tests.engagement import booking
from tests.engagement.booking import MONDAY, NOW, at, wish
from tests.patients import cast

pytestmark = [pytest.mark.django_db]
State = SlotOffer.State


@pytest.fixture
def doctor(system, time_machine):
    time_machine.move_to(NOW, tick=False)
    booking.clinic()
    return cast.staff("physician")


@pytest.fixture
def visit(doctor):
    booking.hours(doctor)
    return booking.service(doctor)


def wait(visit, name, *, first=0, last=6, **more):
    days = {"first_on": MONDAY + timedelta(first), "last_on": MONDAY + timedelta(last)}
    asked = waiting.Wish(visit.pk, **days, **more)
    return waiting.add(patient_id=cast.patient(given=name).pk, wish=asked, by=None)


def booked(visit, doctor, starts_at, name="Mia"):
    patient = cast.patient(given=name)
    return bookings.book(patient_id=patient.pk, wish=wish(visit, doctor, starts_at), by=None)


def cancel(row):
    return bookings.cancel(appointment_id=row.pk, version=row.version, by=None)


def test_a_cancelled_time_is_offered_to_the_first_three_whom_it_fits(visit, doctor):
    row = booked(visit, doctor, at(9))
    other = cast.staff("physician", name="Other")
    booking.service(other, name="Long", minutes=60)
    visit.practitioners.create(user=other)
    wait(visit, "Afternoon", part="afternoon")
    wait(visit, "Next week", first=7, last=13)
    wait(visit, "Elsewhere", clinician_id=other.pk)
    fitting = [wait(visit, f"P{number}") for number in range(4)]
    cancel(row)
    made = SlotOffer.objects.order_by("entry__created_at")
    assert [one.entry_id for one in made] == [one.pk for one in fitting[:3]]
    assert {(one.starts_at, one.ends_at, one.state) for one in made} == {(at(9), at(9, 30), "open")}
    assert len(cast.events("engagement.offer.made")) == 1


def test_whoever_says_yes_first_has_the_time_and_the_others_wait_on(visit, doctor):
    row = booked(visit, doctor, at(9))
    first, second = wait(visit, "First"), wait(visit, "Second")
    cancel(row)
    mine, theirs = first.offers.get(), second.offers.get()
    taken = offers.accept(offer_id=theirs.pk, by=None)
    assert (taken.patient_id, taken.starts_at) == (second.patient_id, at(9))
    assert WaitingEntry.objects.get(pk=second.pk).state == "booked"
    assert WaitingEntry.objects.get(pk=first.pk).state == "waiting"
    states = {one.pk: one.state for one in SlotOffer.objects.all()}
    assert states == {mine.pk: State.GONE, theirs.pk: State.TAKEN}
    with pytest.raises(waiting.OfferOver):
        offers.accept(offer_id=mine.pk, by=None)
    with pytest.raises(waiting.OfferOver):
        waiting.decline(offer_id=theirs.pk, by=None)


def test_a_later_appointment_is_moved_to_the_time_that_is_taken(visit, doctor):
    later = booked(visit, doctor, at(9) + timedelta(days=3), "Later")
    wait_for = waiting.Wish(visit.pk, MONDAY, MONDAY + timedelta(days=6))
    waiting.add(patient_id=later.patient_id, wish=wait_for, by=None)
    cancel(booked(visit, doctor, at(9)))
    moved = offers.accept(offer_id=SlotOffer.objects.get().pk, by=None)
    assert (moved.pk, moved.starts_at) == (later.pk, at(9))
    assert WaitingEntry.objects.get().state == "booked"
    assert Appointment.objects.standing().count() == 1


def test_who_does_not_want_a_time_waits_on_and_is_not_asked_for_it_again(visit, doctor):
    entry = wait(visit, "Picky")
    cancel(booked(visit, doctor, at(9)))
    waiting.decline(offer_id=SlotOffer.objects.get().pk, by=None)
    cancel(booked(visit, doctor, at(9), "Ida"))
    assert [one.state for one in entry.offers.all()] == [State.DECLINED]
    entry.refresh_from_db()
    assert entry.state == "waiting"


def test_an_offered_time_that_somebody_booked_is_gone(visit, doctor):
    wait(visit, "Slow")
    cancel(booked(visit, doctor, at(9)))
    offer = SlotOffer.objects.get()
    booked(visit, doctor, at(9), "Quick")
    assert SlotOffer.objects.get().state == State.GONE
    SlotOffer.objects.update(state=State.OPEN)
    with pytest.raises(claims.SlotTaken):
        offers.accept(offer_id=offer.pk, by=None)


def test_nobody_waits_twice_for_nothing_or_for_days_that_are_over(visit, doctor):
    entry = wait(visit, "Mia")
    again = waiting.Wish(visit.pk, MONDAY, MONDAY)
    with pytest.raises(waiting.WaitsAlready):
        waiting.add(patient_id=entry.patient_id, wish=again, by=None)
    for first, last, refusal in ((1, 0, waiting.BadDays), (-9, -5, waiting.BadDays)):
        with pytest.raises(refusal):
            wait(visit, "Ida", first=first, last=last)
    with pytest.raises(waiting.NotWaiting):
        waiting.withdraw(entry_id=entry.pk, version=9, by=None)
    waiting.withdraw(entry_id=entry.pk, version=entry.version, by=None)
    cancel(booked(visit, doctor, at(9)))
    assert not SlotOffer.objects.exists()


def test_the_sweep_ends_what_is_over(visit, doctor, time_machine):
    entry = wait(visit, "Mia", last=0)
    cancel(booked(visit, doctor, at(9)))
    time_machine.move_to(at(9, 5), tick=False)
    assert waiting.sweep(now=at(9, 5)) == 1
    time_machine.move_to(at(9) + timedelta(days=1), tick=False)
    assert waiting.sweep(now=at(9) + timedelta(days=1)) == 1
    assert WaitingEntry.objects.get(pk=entry.pk).state == "over"
    assert SlotOffer.objects.get().state == State.GONE
