"""Booking: what is refused and why, who reaches the record, and that a time is had by one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engagement.models import Absence, Appointment, Claim
from engagement.queries import slots
from engagement.services import absences, bookings, claims, placing, refusals
from patients.models import CareRelationship, StaffLink
from patients.services import staff_links
from security.models import User
from security.sealing import StaleRecord
from security.services import roles, users
from tests.engagement import booking
from tests.engagement.booking import MONDAY, NOW, at, wish
from tests.patients import cast

pytestmark = [pytest.mark.django_db]
State = Appointment.State


@pytest.fixture
def doctor(system, time_machine):
    time_machine.move_to(NOW, tick=False)
    booking.clinic()
    return cast.staff("physician")


@pytest.fixture
def place(doctor):
    return booking.room()


@pytest.fixture
def visit(doctor, place):
    booking.hours(doctor, place)
    return booking.service(doctor)


@pytest.fixture
def mia(system):
    return cast.patient()


def book(patient, visit, doctor, starts_at=None, **more):
    return bookings.book(
        patient_id=patient.pk, wish=wish(visit, doctor, starts_at or at(9), **more), by=None
    )


def test_a_booking_takes_the_usual_room_and_the_time_of_both(visit, doctor, place, mia):
    row = book(mia, visit, doctor, note=" Bring  the card ")
    row = Appointment.objects.get(pk=row.pk)
    assert (row.room_id, row.ends_at, row.state) == (place.pk, at(9, 30), State.BOOKED)
    assert row.note == "Bring the card"
    assert Claim.objects.filter(appointment_id=row.pk).count() == 12
    event = cast.events("engagement.appointment.booked")[0]
    assert event.object_id == row.pk


def test_row_reach_and_event_roll_back_together(visit, doctor, mia, monkeypatch):
    def broken(*args, **named):
        raise RuntimeError

    monkeypatch.setattr(bookings, "_tell", broken)
    with pytest.raises(RuntimeError):
        book(mia, visit, doctor)
    assert not Appointment.objects.exists()
    assert not Claim.objects.exists()
    assert not CareRelationship.objects.exists()


WRONG = {
    "past": (placing.InThePast, at(9) - timedelta(days=7)),
    "odd minute": (placing.OddTime, at(9, 2)),
    "years ahead": (placing.OddTime, at(9) + timedelta(days=7 * 60)),
    "before the hours": (placing.Closed, at(8, 45)),
    "over the end of the hours": (placing.Closed, at(11, 45)),
    "weekend": (placing.Closed, at(9) + timedelta(days=5)),
}


@pytest.mark.parametrize("case", WRONG)
def test_no_time_is_booked_that_is_none(visit, doctor, mia, case):
    refusal, starts_at = WRONG[case]
    with pytest.raises(refusal):
        book(mia, visit, doctor, starts_at)
    assert not Appointment.objects.exists()


def test_days_off_and_absences_are_closed(visit, doctor, mia, settings):
    settings.HOLIDAYS = [MONDAY]
    with pytest.raises(placing.Closed):
        book(mia, visit, doctor)
    settings.HOLIDAYS = []
    away = absences.add(user=doctor, kind="away", starts_at=at(9, 15), ends_at=at(10), by=None)
    with pytest.raises(placing.Closed):
        book(mia, visit, doctor)
    absences.remove(absence_id=away.pk, by=None)
    absences.add(user=None, kind="closed", starts_at=at(0), ends_at=at(9, 30), by=None)
    with pytest.raises(placing.Closed):
        book(mia, visit, doctor)
    assert book(mia, visit, doctor, at(9, 30)).pk
    with pytest.raises(absences.BadTime):
        absences.add(user=doctor, kind="away", starts_at=at(9), ends_at=at(9), by=None)
    with pytest.raises(absences.NotAbsent):
        absences.remove(absence_id=away.pk, by=None)
    assert Absence.objects.in_force().count() == 1


def test_only_who_gives_the_service_and_cares_for_patients_is_booked(visit, doctor, mia):
    other = cast.staff("physician", name="Other")
    booking.hours(other)
    with pytest.raises(placing.WrongPractitioner):
        book(mia, visit, other)
    users.deactivate(user=doctor, by=None)
    with pytest.raises(placing.WrongPractitioner):
        book(mia, visit, doctor)
    visit.is_active = False
    visit.save()
    with pytest.raises(placing.NotOffered):
        book(mia, visit, doctor)
    desk = cast.staff("receptionist")
    with pytest.raises(placing.WrongPractitioner):
        book(mia, booking.service(desk, name="Desk"), desk)


def test_nobody_is_booked_who_died_was_merged_or_is_not_there(visit, doctor, mia):
    dead = cast.patient(given="Old", deceased=True)
    merged = cast.patient(given="Twice", merged_into=mia)
    erased = cast.patient(given="Gone")
    cast.break_seal(erased, "sealed")
    cast.break_seal(erased, "sealed_card")
    for one in (dead, merged, erased):
        with pytest.raises(placing.NobodyThere):
            book(one, visit, doctor)
    with pytest.raises(placing.NobodyThere):
        bookings.book(patient_id=visit.pk, wish=wish(visit, doctor, at(9)), by=None)


def test_a_colleague_is_not_booked_for_who_is_close_family(visit, doctor, mia):
    staff_links.declare(patient_id=mia.pk, colleague=doctor, kind=StaffLink.Kind.CHILD, by=None)
    with pytest.raises(placing.KeptOut):
        book(mia, visit, doctor)


def test_a_taken_time_is_refused_with_the_next_free_ones(visit, doctor, mia):
    book(mia, visit, doctor)
    with pytest.raises(claims.SlotTaken) as refusal:
        book(cast.patient(given="Ida"), visit, doctor)
    assert [one.starts_at for one in refusal.value.others] == [at(9, 30), at(10), at(10, 30)]
    half_past = at(9, 15)
    with pytest.raises(claims.SlotTaken):
        book(cast.patient(given="Ada"), visit, doctor, half_past)


def test_a_room_and_a_patient_are_at_one_place_at_a_time(visit, doctor, place, mia):
    other = cast.staff("physician", name="Other")
    booking.hours(other, place)
    second = booking.service(other, name="Second")
    book(mia, visit, doctor)
    with pytest.raises(claims.RoomTaken):
        book(cast.patient(given="Ida"), second, other)
    elsewhere = booking.room("Room 2")
    with pytest.raises(placing.PatientBusy):
        book(mia, second, other, room_id=elsewhere.pk)
    assert book(cast.patient(given="Ada"), second, other, room_id=elsewhere.pk).room == elsewhere
    elsewhere.is_active = False
    elsewhere.save()
    with pytest.raises(placing.NoSuchRoom):
        book(cast.patient(given="Eva"), second, other, at(10), room_id=elsewhere.pk)


def test_the_reach_runs_from_two_days_before_to_thirty_after(visit, doctor, mia, time_machine):
    friday = at(9) + timedelta(days=4)
    row = book(mia, visit, doctor, friday)
    reach = CareRelationship.objects.get(pk=row.reach_id)
    assert (reach.user_id, reach.source) == (doctor.pk, "appointment")
    assert reach.starts_at == friday - timedelta(days=2)
    assert reach.ends_at == row.ends_at + timedelta(days=30)
    moved = bookings.move(
        appointment_id=row.pk, version=row.version, wish=wish(visit, doctor, at(9)), by=None
    )
    assert not CareRelationship.objects.in_force(friday).filter(pk=reach.pk).exists()
    assert CareRelationship.objects.in_force(NOW).get().pk == moved.reach_id
    bookings.cancel(appointment_id=row.pk, version=moved.version, by=None)
    assert not CareRelationship.objects.in_force(NOW + timedelta(hours=1)).exists()
    again = book(mia, visit, doctor, at(9))
    assert CareRelationship.objects.in_force(NOW + timedelta(hours=1)).get().pk == again.reach_id


def test_a_moved_appointment_gives_its_old_time_back(visit, doctor, mia):
    row = book(mia, visit, doctor)
    with pytest.raises(StaleRecord):
        bookings.move(appointment_id=row.pk, version=9, wish=wish(visit, doctor, at(10)), by=None)
    row = bookings.move(
        appointment_id=row.pk, version=row.version, wish=wish(visit, doctor, at(9, 10)), by=None
    )
    assert (row.starts_at, row.ends_at) == (at(9, 10), at(9, 40))
    assert Claim.objects.filter(appointment_id=row.pk).count() == 12
    row = bookings.move(
        appointment_id=row.pk, version=row.version, wish=wish(visit, doctor, at(10)), by=None
    )
    assert book(cast.patient(given="Ida"), visit, doctor).starts_at == at(9)


def test_a_visit_goes_from_booked_to_done_and_no_other_way(visit, doctor, mia, time_machine):
    row = book(mia, visit, doctor)
    for early, refusal in (
        (bookings.miss, bookings.TooEarly),
        (bookings.check_in, bookings.NotToday),
    ):
        with pytest.raises(refusal):
            early(appointment_id=row.pk, version=row.version, by=None)
    time_machine.move_to(at(8, 55), tick=False)
    row = bookings.confirm(appointment_id=row.pk, by=None)
    for early in (bookings.start, bookings.finish):
        with pytest.raises(bookings.NotOpen):
            early(appointment_id=row.pk, version=row.version, by=None)
    for deed, state in (
        (bookings.check_in, State.ARRIVED),
        (bookings.start, State.STARTED),
        (bookings.finish, State.FULFILLED),
    ):
        row = deed(appointment_id=row.pk, version=row.version, by=None)
        assert Appointment.objects.get(pk=row.pk).state == state
    with pytest.raises(bookings.NotOpen):
        bookings.move(
            appointment_id=row.pk, version=row.version, wish=wish(visit, doctor, at(10)), by=None
        )
    with pytest.raises(bookings.NotOpen):
        bookings.cancel(appointment_id=row.pk, by=None)
    done = {e.action.rpartition(".")[2] for e in cast.events("engagement.appointment.finished")}
    assert done == {"finished"}


def test_who_comes_late_after_all_is_checked_in_while_the_time_is_free(
    visit, doctor, mia, time_machine
):
    row = book(mia, visit, doctor)
    time_machine.move_to(at(9, 20), tick=False)
    row = bookings.miss(appointment_id=row.pk, version=row.version, by=None)
    assert not Claim.objects.exists()
    row = bookings.check_in(appointment_id=row.pk, version=row.version, by=None)
    assert (row.state, Claim.objects.count()) == (State.ARRIVED, 12)
    second = book(cast.patient(given="Ida"), visit, doctor, at(10))
    time_machine.move_to(at(10, 20), tick=False)
    second = bookings.miss(appointment_id=second.pk, version=second.version, by=None)
    time_machine.move_to(at(9) + timedelta(days=1), tick=False)
    with pytest.raises(bookings.NotToday):
        bookings.check_in(appointment_id=second.pk, version=second.version, by=None)


def test_patients_cancel_until_some_hours_before(visit, doctor, mia, time_machine):
    person = User(kind=User.Kind.PATIENT)
    row = book(mia, visit, doctor, at(9) + timedelta(days=1))
    time_machine.move_to(at(10), tick=False)
    with pytest.raises(bookings.TooLate):
        bookings.cancel(appointment_id=row.pk, by=person)
    assert bookings.cancel(appointment_id=row.pk, reason="ill", by=None).cancel_reason == "ill"


def test_a_refusal_stands_on_the_trail_by_its_name(visit, doctor, mia):
    with pytest.raises(placing.Closed), refusals.noted(subjects=[mia.pk], by=None):
        book(mia, visit, doctor, at(6))
    event = cast.events("engagement.appointment.refused")[0]
    assert (event.outcome, event.fields) == ("refused", ["Closed"])


def test_a_claim_whose_appointment_is_gone_holds_nothing(visit, doctor, mia):
    row = book(mia, visit, doctor)
    Appointment.objects.filter(pk=row.pk).delete()
    assert Claim.objects.count() == 12
    assert book(cast.patient(given="Ida"), visit, doctor).starts_at == at(9)
    assert claims.sweep(before=at(12)) == 12


def test_free_times_leave_no_gap_and_ask_as_often_for_ten_as_for_one(visit, doctor, mia):
    def look():
        with cast.CaptureQueries() as asked:
            found = slots.free(visit, first=MONDAY, days=5)
        return found, len(asked)

    everything, queries = look()
    assert (len(everything), everything[0].starts_at) == (30, at(9))
    book(mia, visit, doctor, at(9, 10))
    for number, minute in enumerate((0, 30)):
        book(cast.patient(given=f"P{number}"), visit, doctor, at(10, minute))
    found, same = look()
    assert [one.starts_at for one in found[:2]] == [at(11), at(11, 30)]
    assert same == queries
    assert slots.free(visit, first=MONDAY, patient_id=mia.pk, clinician_ids=[]) == []


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        # Sunday: the clock jumps from 2 to 3, and goes back from 3 to 2.
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 29, 6, tzinfo=UTC)),
        (date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 25, 7, tzinfo=UTC)),
        (date(2026, 11, 1), "America/New_York", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        (date(2026, 3, 29), "Asia/Shanghai", datetime(2026, 3, 29, 0, tzinfo=UTC)),
    ],
)
def test_hours_follow_the_clock_on_the_wall_when_the_clocks_change(
    system, time_machine, day, zone, begins
):
    time_machine.move_to(datetime(2026, 3, 1, tzinfo=UTC), tick=False)
    booking.clinic(zone)
    doctor = cast.staff("physician")
    booking.hours(doctor, begins=8, ends=9, days=[7])
    found = slots.free(booking.service(doctor), first=day, days=1)
    assert [one.starts_at for one in found] == [begins, begins + timedelta(minutes=30)]


def test_a_night_that_loses_an_hour_has_an_hour_less(system, time_machine):
    time_machine.move_to(datetime(2026, 3, 1, tzinfo=UTC), tick=False)
    booking.clinic("Europe/Berlin")
    doctor = cast.staff("physician")
    booking.hours(doctor, begins=1, ends=4, days=[7])
    row = booking.service(doctor)
    count = {
        day: len(slots.free(row, first=day, days=1))
        for day in (date(2026, 3, 22), date(2026, 3, 29), date(2026, 10, 25))
    }
    assert list(count.values()) == [6, 4, 8]


def test_a_weekend_day_that_is_worked_instead_has_mondays_hours(visit, doctor, settings):
    saturday = MONDAY + timedelta(days=5)
    assert slots.free(visit, first=saturday, days=1) == []
    settings.WORKING_DAYS_MADE_UP = [saturday]
    assert len(slots.free(visit, first=saturday, days=1)) == 6


def test_a_colleague_who_cares_no_more_is_not_booked(visit, doctor, mia):
    roles.end(assignment=doctor.role_assignments.get(), by=None)
    with pytest.raises(placing.WrongPractitioner):
        book(mia, visit, User.objects.get(pk=doctor.pk))
