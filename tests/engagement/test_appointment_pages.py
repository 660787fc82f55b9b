"""Pages of appointments: who sees what, what they refuse, how often they ask."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from engagement import timeline
from engagement.models import Absence, Appointment, Room, Service, WaitingEntry, WorkingHours
from engagement.queries import agenda
from engagement.services import feeds
from tests.engagement import booking
from tests.patients import cast

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def doctor(system, time_machine):
    time_machine.move_to(booking.at(10), tick=True)
    booking.clinic()
    return cast.staff("physician", name="Dr Lin")


@pytest.fixture
def visit(doctor):
    booking.hours(doctor, booking.room(), 0, 23, range(1, 8))
    return booking.service(doctor)


@pytest.fixture
def desk(doctor):
    return cast.staff("receptionist")


def tomorrow():
    return (timezone.now() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)


def guarded(response):
    """Tell whether every form of a page carries its token; the client of the tests asks for none."""
    forms = re.findall(r'<form[^>]*method="post".*?</form>', response.content.decode(), re.S)
    assert forms
    return all("csrfmiddlewaretoken" in form for form in forms)


def page(user, name, *args, **query):
    return cast.browser(user).get(reverse(f"engagement:{name}", args=args), query)


def test_the_desk_books_moves_and_cancels_and_reads_why_not(visit, doctor, desk):
    mia = cast.patient(record_number="R-1")
    browser, book = cast.browser(desk), reverse("engagement:book", args=[mia.pk])
    shown = browser.get(book, {"service": visit.pk, "day": tomorrow().date().isoformat()})
    times = re.findall(r'name="slot" value="([^"]+)"', shown.content.decode())
    assert f"{doctor.pk}|{tomorrow():%Y-%m-%dT%H:%M:%SZ}" in times
    sent = {"service": visit.pk, "slot": times[0], "note": "Brings the card"}
    assert browser.post(book, sent).status_code == 302
    row = Appointment.objects.get()
    assert row.booked_by == desk
    refused = browser.post(book, sent)
    assert (refused.status_code, "another appointment" in cast.words(refused)) == (422, True)
    assert cast.events("engagement.appointment.refused")[0].fields == ["PatientBusy"]
    other = cast.patient(given="Ida")
    taken = browser.post(reverse("engagement:book", args=[other.pk]), sent)
    assert "took this time" in cast.words(taken)
    for wrong in ({}, {"slot": "x"}, {"slot": f"{doctor.pk}|2020-01-01T09:00:00Z"}):
        assert browser.post(book, sent | {"slot": ""} | wrong).status_code == 422
    one = reverse("engagement:appointment", args=[mia.pk, row.pk])
    assert "Brings the card" in cast.words(browser.get(one))
    move = reverse("engagement:appointment_move", args=[mia.pk, row.pk])
    assert browser.get(move).status_code == 200
    moved = browser.post(move, sent | {"slot": times[4], "version": row.version})
    assert (moved.status_code, moved.url) == (302, one)
    row.refresh_from_db()
    assert (
        browser.post(f"{one}cancel/", {"version": row.version, "reason": "ill"}).status_code == 302
    )
    assert "ill" in cast.words(browser.get(one))
    again = browser.post(f"{one}cancel/", {"version": row.version + 1})
    assert (again.status_code, "Cancelled" in cast.words(again)) == (422, True)
    assert browser.post(f"{one}cancel/", {"version": 1}).status_code == 409


def test_the_board_checks_in_and_takes_in(visit, doctor, desk):
    mia = cast.patient(given="Expected")
    start = timezone.now() - timedelta(minutes=5)
    row = booking.placed(mia, visit, doctor, start)
    browser, board = cast.browser(desk), reverse("engagement:board")
    assert "5 minutes late" in cast.words(browser.get(board))
    assert guarded(browser.get(board))
    assert guarded(page(desk, "appointment", mia.pk, row.pk))
    for deed, words in (
        ("check_in", "waits 0 minutes"),
        ("start", "With the clinician 1"),
        ("finish", "Done 1"),
    ):
        say = reverse("engagement:appointment_step", args=[mia.pk, row.pk, deed])
        assert browser.post(say, {"version": row.version, "back": "board"}).url == board
        row.refresh_from_db()
        assert words in cast.words(browser.get(board))
    assert browser.post(say, {"version": row.version, "back": ""}).status_code == 302
    assert cast.events("engagement.appointment.refused")[0].fields == ["NotOpen"]
    unknown = reverse("engagement:appointment_step", args=[mia.pk, row.pk, "explode"])
    assert browser.post(unknown, {"version": 1}).status_code == 404


def test_names_are_for_who_may_know_them(visit, doctor, desk):
    mia, ida = cast.patient("Known", "Mia"), cast.patient("Stranger", "Ida")
    cast.care(doctor, mia)
    for number, one in enumerate((mia, ida)):
        booking.placed(one, visit, doctor, tomorrow() + timedelta(hours=number))
    day = {"day": tomorrow().date().isoformat()}
    own = cast.words(page(doctor, "day", **day))
    assert ("Known" in own, "Stranger" in own, "Taken" in own) == (True, False, True)
    everything = cast.words(page(desk, "day", **day))
    assert "Known" in everything
    assert "Stranger" in everything
    masked = cast.words(page(cast.staff("auditor"), "week", **day, clinician=doctor.pk))
    assert ("Stranger" in masked, "Free" in masked) == (False, True)
    assert page(cast.staff("engagement"), "day").status_code == 403
    row = Appointment.objects.get(patient=ida)
    assert page(doctor, "appointment", ida.pk, row.pk).status_code == 404
    assert page(desk, "appointment", mia.pk, row.pk).status_code == 404
    assert cast.browser(cast.staff("auditor")).post(
        reverse("engagement:book", args=[mia.pk])
    ).status_code == 403  # fmt: skip


@pytest.mark.parametrize("name", ["day", "week", "board", "waiting", "absences", "appointments"])
def test_a_page_of_the_calendar_asks_as_often_for_six_as_for_one(visit, doctor, desk, name):
    mia = cast.patient()
    browser = cast.browser(desk)
    address = reverse(f"engagement:{name}", args=[mia.pk] if name == "appointments" else [])
    start = timezone.now().replace(minute=0, second=0, microsecond=0)

    def fill(number):
        other = mia if name == "appointments" else cast.patient(given=f"P{number}")
        at = start + timedelta(hours=number)
        booking.placed(other, visit, doctor, at)
        row = WaitingEntry(
            patient=other, service=visit, first_on=at.date(), last_on=at.date(), clinician=doctor
        )
        row.save()
        row.offers.create(clinician=doctor, starts_at=at, ends_at=at + timedelta(minutes=5))
        Absence.objects.create(user=doctor, starts_at=at, ends_at=at + timedelta(minutes=10))

    def asked():
        with cast.CaptureQueries() as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    fill(0)
    asked()
    once = asked()
    for number in range(1, 6):
        fill(number)
    assert asked() == once


def test_who_waits_is_put_on_the_list_offered_and_booked(visit, doctor, desk):
    mia = cast.patient("Wartend")
    browser = cast.browser(desk)
    add = reverse("engagement:waiting_add", args=[mia.pk])
    days = {"first_on": tomorrow().date(), "last_on": tomorrow().date()}
    sent = {"service": visit.pk, "clinician": "", "part": "any", **days}
    assert browser.post(add, {}).status_code == 422
    assert browser.post(add, sent).status_code == 302
    assert browser.post(add, sent).status_code == 422
    row = booking.placed(cast.patient(given="Ida"), visit, doctor, tomorrow())
    one = reverse("engagement:appointment_cancel", args=[row.patient_id, row.pk])
    browser.post(one, {"version": 1})
    entry = WaitingEntry.objects.get()
    offer = entry.offers.get()
    assert guarded(browser.get(reverse("engagement:waiting")))
    assert guarded(browser.get(reverse("engagement:appointments", args=[mia.pk])))
    shown = cast.words(browser.get(reverse("engagement:waiting")))
    assert "Wartend" in shown
    assert "Book it" in shown
    accept = reverse("engagement:offer_accept", args=[mia.pk, offer.pk])
    assert browser.post(accept).status_code == 302
    assert Appointment.objects.get(patient=mia).starts_at == tomorrow()
    assert browser.post(accept, {"back": "list"}).url == reverse("engagement:waiting")


def test_administrators_set_the_clinic_up_and_nobody_else(doctor, desk):
    boss = cast.staff("administrator")
    browser = cast.browser(boss)
    service = {
        "name": "Visit", "name_zh": "门诊", "minutes": 20, "cancel_hours": 24, "is_active": "on",
        "people": [str(doctor.pk)],
    }  # fmt: skip
    add = reverse("engagement:service_add")
    assert browser.post(add, service | {"minutes": 7}).status_code == 422
    assert browser.post(add, service).status_code == 302
    assert "in use already" in cast.words(browser.post(add, service))
    row = Service.objects.get()
    change = reverse("engagement:service", args=[row.pk])
    assert browser.post(change, service | {"people": [], "minutes": 25}).status_code == 302
    assert (Service.objects.get().minutes, row.practitioners.get().is_active) == (25, False)
    assert (
        browser.post(
            reverse("engagement:room_add"), {"name": "Room 1", "is_active": "on"}
        ).status_code
        == 302
    )
    hours = {
        "user": str(doctor.pk), "begins": "09:00", "ends": "12:00", "weekdays": ["1", "2"],
        "room": str(Room.objects.get().pk),
    }  # fmt: skip
    enter = reverse("engagement:hours_add")
    for wrong in ({"ends": "08:00"}, {"ends": "11:58"}, {"weekdays": []}):
        assert browser.post(enter, hours | wrong).status_code == 422
    answer = browser.post(enter, hours)
    assert answer.status_code == 302, cast.words(answer)
    assert browser.post(enter, hours | {"begins": "11:00"}).status_code == 422
    first = WorkingHours.objects.first()
    browser.post(reverse("engagement:hours_remove", args=[first.pk]))
    assert WorkingHours.objects.in_force().count() == 1
    shown = cast.words(browser.get(reverse("engagement:planning")))
    assert "Dr Lin" in shown
    assert "Tuesday 09:00–12:00" in shown
    for nobody in (desk, doctor):
        assert page(nobody, "planning").status_code == 403
        assert cast.browser(nobody).post(enter, hours).status_code == 403


def test_the_desk_closes_times_of_everybody_and_a_doctor_the_own(visit, doctor, desk):
    mia, day = cast.patient(), tomorrow().date().isoformat()
    booking.placed(mia, visit, doctor, tomorrow())
    browser, absences = cast.browser(desk), reverse("engagement:absences")
    sent = {"who": "everybody", "kind": "away", "first_on": day, "last_on": day}
    assert browser.post(absences, sent | {"last_on": "2020-01-01"}).status_code == 422
    assert browser.post(absences, sent).status_code == 302
    assert "1 appointment to be moved" in cast.words(browser.get(absences))
    closed = Absence.objects.get()
    own = cast.browser(doctor)
    assert own.post(absences, sent).status_code == 422
    assert own.post(reverse("engagement:present", args=[closed.pk])).status_code == 404
    assert own.post(absences, sent | {"who": str(doctor.pk), "begins": "09:00"}).status_code == 302
    assert browser.post(reverse("engagement:present", args=[closed.pk])).status_code == 302
    assert Absence.objects.in_force().get().user == doctor
    assert "Outside the hours" in cast.words(page(desk, "day", day=day))


def test_a_calendar_program_reads_times_and_nothing_else(visit, doctor, client):
    booking.placed(cast.patient("Geheim"), visit, doctor, tomorrow(), note="Diabetes")
    shown = cast.browser(doctor).post(reverse("engagement:feed_issue"))
    token = re.search(r"calendar\.ics\?t=([\w-]{43})", shown.content.decode())[1]
    address = reverse("engagement:ics")
    read = client.get(address, {"t": token}, secure=True)
    text = read.content.decode()
    assert read["Content-Type"].startswith("text/calendar")
    assert f"DTSTART:{tomorrow():%Y%m%dT%H%M%SZ}" in text
    assert {line.partition(":")[0] for line in text.split("\r\n") if line} == {
        "BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-TIMEZONE", "UID", "DTSTAMP",
        "DTSTART", "DTEND", "SUMMARY", "CLASS", "END",
    }  # fmt: skip
    assert "SUMMARY:Appointment\r\n" in text
    assert not re.search(r"Geheim|Diabetes|Consultation|Room", text)
    assert token not in cast.browser(doctor).get(reverse("engagement:feed")).content.decode()
    feeds.issue(user=doctor)
    for wrong in (token, "", "x" * 43, "é" * 50):
        assert client.get(address, {"t": wrong}, secure=True).status_code == 404
    assert len(cast.events("engagement.feed.refused")) == 4
    fresh = feeds.issue(user=doctor)
    assert feeds.revoke(user=doctor)
    assert client.get(address, {"t": fresh}, secure=True).status_code == 404


def test_a_time_of_the_calendar_is_booked_for_who_is_found(visit, doctor, desk):
    mia = cast.patient("Muster", "Mia", record_number="R-77")
    browser = cast.browser(desk)
    free = re.search(
        r'href="([^"]+whom/[^"]+)"', browser.get(reverse("engagement:week")).content.decode()
    )[1].replace("&amp;", "&")
    assert browser.get(free).status_code == 200
    found = browser.post(free, {"q": "Muster"}).content.decode()
    book = re.search(rf'href="(/engagement/patients/{mia.pk}/[^"]+)"', found)[1].replace(
        "&amp;", "&"
    )
    assert re.search(r'name="slot"[^>]*checked', browser.get(book).content.decode())


def test_the_timeline_has_lines_of_appointments(visit, doctor):
    row = booking.placed(cast.patient(), visit, doctor, tomorrow())
    source = timeline.sources()["appointments"]
    lines = source.read(row.patient_id, timezone.now() + timedelta(days=3), 5)
    assert [(one.row_id, one.title, one.who) for one in lines] == [
        (row.pk, "Consultation", "Dr Lin")
    ]
    assert not source.read(row.patient_id, timezone.now(), 5)


def test_an_address_asks_for_today_where_it_asks_for_nonsense(system):
    booking.clinic()
    today = agenda.clocks.today()
    assert {agenda.read_day(one) for one in ("", "9999-12-31", "x", "0001-01-01")} == {today}
    assert agenda.read_id("x") is None
    assert agenda.clocks.read("2026-01-01") is None
