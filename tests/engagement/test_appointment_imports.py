"""Appointments of another system: read by name, refused in words, undone with what they gave."""

from datetime import timedelta

import pytest

from engagement.models import Appointment, Claim
from patients.models import CareRelationship
from tests.engagement import booking
from tests.engagement.booking import MONDAY, NOW, at
from tests.patients import cast
from tests.patients.tables import brought, faults, text_of, undone

pytestmark = [pytest.mark.django_db]
HEAD = ("病历号", "预约号", "预约时间", "项目", "医生", "诊室", "状态")


@pytest.fixture
def desk(system, time_machine):
    # Imports count the pace of their work: the clock runs on.
    time_machine.move_to(NOW, tick=True)
    booking.clinic()
    doctor = cast.staff("physician", name="Lin Zhiyuan 林知远")
    booking.service(doctor)
    booking.room()
    for number in range(3):
        cast.patient(
            given=f"P{number}", record_number=f"P-{number}",
            identifiers=[{"system": "urn:custodia:record-number", "value": f"P-{number}"}],
        )  # fmt: skip
    return cast.staff("receptionist")


def line(number, start="2026-11-02 09:00", *, patient="P-0", **cells):
    said = {"service": "门诊", "doctor": "林知远", "room": "一诊室", "state": "已预约"} | cells
    return [patient, f"A-{number}", start, *said.values()]


def bring(desk, *lines):
    return brought(desk, text_of(list(lines), HEAD), "appointments")


def test_appointments_come_in_with_their_time_and_reach_and_go_out_with_them(desk):
    past = line(2, "2026-10-01 09:00", patient="P-1", state="已完成")
    batch = bring(desk, line(1), past)
    first = Appointment.objects.get(starts_at=at(9))
    assert (first.ends_at, first.state, first.room.name) == (at(9, 30), "booked", "Room 1")
    assert Claim.objects.filter(appointment_id=first.pk).count() == 12
    assert CareRelationship.objects.get(pk=first.reach_id).ends_at == first.ends_at + timedelta(
        days=30
    )
    assert Appointment.objects.count() == 2
    again = bring(desk, line(1), line(3, "2026-11-02 11:00", patient="P-2"))
    assert (again.rows_created, again.rows_unchanged) == (1, 1)
    undone(desk, batch)
    assert not Appointment.objects.filter(pk=first.pk).exists()
    assert not Claim.objects.filter(appointment_id=first.pk).exists()
    assert (
        not CareRelationship.objects.in_force(NOW + timedelta(days=1))
        .filter(pk=first.reach_id)
        .exists()
    )


def test_what_does_not_fit_is_refused_row_by_row(desk):
    bring(desk, line(1))
    batch = bring(
        desk,
        line(2, patient="P-1"),
        line(3, "2026-11-03 09:00", service="Dentist"),
        line(4, "2026-11-03 09:00", doctor="Nobody"),
        line(5, "2026-11-03 09:00", room="Cellar"),
        line(6, "2026-11-03"),
        line(1, "2026-11-02 10:00"),
        line(7, "2026-11-03 09:00", patient="P-9"),
        line(8, "2026-11-03 10:00"),
        line(9, "2026-11-03 10:10", patient="P-2"),
    )
    assert faults(batch) == [
        (2, "start", "taken"), (3, "service", "service"), (4, "clinician", "practitioner"),
        (5, "room", "room"), (6, "start", "time"), (7, "", "moved"), (8, "patient", "nobody"),
        (10, "start", "taken"),
    ]  # fmt: skip
    assert Appointment.objects.filter(starts_at__date=MONDAY + timedelta(days=1)).count() == 1
