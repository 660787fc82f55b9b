"""Appointments of the demo: what is offered, a week around today, who waits, who is away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from crm.demo.dice import Dice
from engagement import clocks
from engagement.models import Appointment, Claim, Room, Service
from engagement.services import absences, claims, planning, reaches, waiting
from engagement.services.planning import Offer
from patients.models import CareRelationship, Patient
from security import trail
from security.classification import SubjectKind
from security.models import User
from security.sealing import Scope, keys

ROOMS = {
    "one": ("Consulting room 1", "一诊室"),
    "two": ("Consulting room 2", "二诊室"),
    "care": ("Treatment room", "治疗室"),
}
# Who works where, mornings and afternoons; the nurse gives injections and takes blood.
HOURS = {
    "physician1": ("one", (8, 30), (12, 0), (13, 30), (17, 30)),
    "physician2": ("two", (9, 0), (12, 0), (14, 0), (18, 0)),
    "nurse1": ("care", (8, 0), (11, 30), (13, 30), (16, 30)),
}
SERVICES = {
    "visit": (Offer("Consultation", "门诊", 20, is_bookable_online=True), ("physician1", "physician2")),
    "first": (Offer("First visit", "初诊", 40), ("physician1", "physician2")),
    "child": (Offer("Child check-up", "儿童保健", 30, is_bookable_online=True), ("physician2",)),
    "blood": (Offer("Blood drawing", "采血", 10), ("nurse1",)),
    "shot": (Offer("Vaccination", "疫苗接种", 15, is_bookable_online=True), ("nurse1", "physician2")),
}  # fmt: skip
NOTES = ("Bring the last results. 请带上次检查结果。", "Interpreter needed. 需要翻译。", "", "", "")
# Share of the times that are taken, before and after today.
FULL, AHEAD = 0.55, 0.4
BEFORE, AFTER = 4, 5


@dataclass(frozen=True)
class Offered:
    """A time that somebody works in, and what is given in it."""

    user: User
    room: Room
    service: Service
    starts_at: datetime


def book(people: Mapping[str, User], patients: Sequence[UUID]) -> None:
    """Set the clinic up and fill a week around today, the same on every machine."""
    rooms = {
        key: planning.set_room(room_id=None, name=en, name_zh=zh, by=None)
        for key, (en, zh) in ROOMS.items()
    }
    services: dict[str, list[Service]] = {}
    for offer, gives in SERVICES.values():
        ids = [people[one].pk for one in gives]
        row = planning.set_service(service_id=None, offer=offer, user_ids=ids, by=None)
        for one in gives:
            services.setdefault(one, []).append(row)
    for handle, (room, *times) in HOURS.items():
        for begins, ends in zip(times[::2], times[1::2], strict=True):
            planning.add_hours(
                user=people[handle], weekdays=range(1, 7), begins=time(*begins), ends=time(*ends),
                room=rooms[room], by=None,
            )  # fmt: skip
    living = [
        one.pk for one in Patient.objects.filter(pk__in=patients).order_by("pk") if not one.deceased
    ]
    fill(people, living, rooms, services)
    wait(people, living, services)
    where, today = clocks.zone(), clocks.today()
    away = today + timedelta(days=3)
    absences.add(
        user=people["physician2"], kind="training", starts_at=clocks.instant(away, time(14), where),
        ends_at=clocks.instant(away, time(18), where), by=None,
    )  # fmt: skip


def fill(
    people: Mapping[str, User],
    patients: Sequence[UUID],
    rooms: Mapping[str, Room],
    services: Mapping[str, list[Service]],
) -> None:
    """Write the appointments of the week, those of the past as they went."""
    where, dice, now = clocks.zone(), Dice("appointments"), timezone.now()
    busy: set[tuple[UUID, date]] = set()
    # Whom they care for already: nobody in the demo reaches a chart by an appointment alone.
    own = {handle: cared_for(people[handle], patients) for handle in HOURS}
    rows = []
    for day in range(-BEFORE, AFTER + 1):
        on = clocks.today(where) + timedelta(days=day)
        for handle in HOURS:
            if not own[handle]:
                continue
            for offered in times(handle, people[handle], rooms, services[handle], on, dice):
                if not dice.chance(AHEAD if day > 0 else FULL):
                    continue
                patient_id = dice.pick(own[handle])
                if (patient_id, on) not in busy:
                    busy.add((patient_id, on))
                    rows.append(_row(offered, patient_id, now, dice))
    keys.prepare(
        list({row.patient_id for row in rows}), kind=SubjectKind.PATIENT, scope=Scope.RECORD
    )
    reaches.give(appointments=rows, by=None)
    Appointment.objects.bulk_create(rows)
    taken = [
        one for row in rows if row.state not in Appointment.GIVEN_UP for one in claims.rows_of(row)
    ]
    Claim.objects.bulk_create(taken)
    trail.record(
        "crm.demo.appointments_added",
        subjects={row.patient_id for row in rows},
        changed=rows,
        counts={"appointments": len(rows)},
    )


def cared_for(user: User, patients: Sequence[UUID]) -> list[UUID]:
    """Return the patients in somebody's care."""
    rows = CareRelationship.objects.in_force().filter(user=user, patient_id__in=patients)
    return sorted(set(rows.values_list("patient_id", flat=True)))


def times(
    handle: str,
    user: User,
    rooms: Mapping[str, Room],
    gives: Sequence[Service],
    on: date,
    dice: Dice,
) -> Iterator[Offered]:
    """Yield what one person gives one after the other on a day; nothing on Sundays."""
    (room, *clock), where = HOURS[handle], clocks.zone()
    if on.isoweekday() == 7:
        return
    for begins, ends in zip(clock[::2], clock[1::2], strict=True):
        at, over = (clocks.instant(on, time(*one), where) for one in (begins, ends))
        while True:
            service = dice.pick(gives)
            if at + timedelta(minutes=service.minutes) > over:
                break
            yield Offered(user, rooms[room], service, at)
            at += timedelta(minutes=service.minutes)


def _row(offered: Offered, patient_id: UUID, now: datetime, dice: Dice) -> Appointment:
    """Return one appointment as it would stand now."""
    ends_at = offered.starts_at + timedelta(minutes=offered.service.minutes)
    row = Appointment(
        patient_id=patient_id, service=offered.service, clinician=offered.user, room=offered.room,
        starts_at=offered.starts_at, ends_at=ends_at, created_at=now - timedelta(days=9),
        note=dice.pick(NOTES),
    )  # fmt: skip
    if ends_at <= now:
        row.state = dice.pick(("fulfilled",) * 11 + ("noshow",))
        if row.state == "fulfilled":
            row.arrived_at, row.started_at = offered.starts_at, offered.starts_at
            row.done_at = ends_at
    elif offered.starts_at <= now:
        row.state, row.arrived_at, row.started_at = "started", offered.starts_at, offered.starts_at
    elif offered.starts_at <= now + timedelta(minutes=40):
        row.state, row.arrived_at = "arrived", now - timedelta(minutes=dice.between(2, 25))
    elif dice.chance(0.3):
        row.confirmed_at = now - timedelta(hours=5)
    return row


def wait(
    people: Mapping[str, User], patients: Sequence[UUID], services: Mapping[str, list[Service]]
) -> None:
    """Let some patients wait for an earlier time."""
    today = clocks.today()
    wishes = (
        ("physician1", 0, 3, "any"),
        ("physician2", 0, 5, "morning"),
        ("physician2", 2, 8, "afternoon"),
    )
    for handle, service, number, part in wishes:
        wish = waiting.Wish(
            services[handle][service].pk, today, today + timedelta(days=14), people[handle].pk, part
        )
        waiting.add(
            patient_id=patients[number % len(patients)], wish=wish, by=people["receptionist1"]
        )
