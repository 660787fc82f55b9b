"""Importing appointments: who comes when to whom; what lies ahead takes its time and gives its reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Appointment, Claim, Room, Service, ServicePractitioner
from engagement.services import claims, reaches
from patients.imports import cells, rows
from patients.imports.matching import folded
from patients.imports.registry import Column, Importer, Line, Plan
from patients.models import StaffLink
from security import context
from security.access.permissions import Permission
from security.models import User
from security.people import called

State = Appointment.State
KIND, LONGEST = "appointments", timedelta(hours=8)
_STATES = {
    word: state
    for state, words in {
        "booked": "booked planned pending confirmed 预约 已预约",
        "fulfilled": "fulfilled finished done completed arrived 已完成 完成 已就诊",
        "cancelled": "cancelled canceled 取消 已取消",
        "noshow": "noshow no-show missed 爽约 未到",
    }.items()
    for word in words.split()
}
COLUMNS = (
    rows.WHOSE,
    Column(
        "number", _("Appointment number"), cells.number, True, "A-2024-0071",
        "appointment id,appointment no,booking id,id,预约号,预约编号,挂号单号",
    ),
    Column(
        "start", _("Beginning"), cells.instant, True, "2026-12-01 09:30",
        "start time,from,date,appointment time,预约时间,开始时间,就诊时间",
    ),
    Column("end", _("End"), cells.instant, example="2026-12-01 09:50", synonyms="end time,until,结束时间"),
    Column(
        "service", _("Service"), cells.text, True, "Consultation",
        "type,appointment type,kind,项目,服务项目,预约项目,门诊类型",
    ),
    Column(
        "clinician", _("Clinician"), cells.text, True, "Lin Zhiyuan",
        "doctor,physician,practitioner,staff,医生,接诊医生,预约医生,出诊医生",
    ),
    Column("room", _("Room"), cells.text, example="Room 1", synonyms="location,诊室,房间,地点"),
    Column(
        "status", _("Status"), cells.choice("choice", _STATES), example="booked",
        synonyms="state,appointment status,状态,预约状态",
    ),
    Column("note", _("Remark"), cells.text, example="", synonyms="comment,remark,备注,说明"),
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """What the clinic offers, by the names that a file may use, and which times are taken."""

    services: dict[str, Service] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    gives: set[tuple[UUID, UUID]] = field(default_factory=set)
    kept_out: set[tuple[UUID, UUID]] = field(default_factory=set)
    taken: dict[UUID, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def is_taken(self, row: Appointment) -> bool:
        """Tell whether the clinician, the room or the patient has something else at that time."""
        return any(
            start < row.ends_at and end > row.starts_at
            for key in _keys(row)
            for start, end in self.taken.get(key, ())
        )

    def note(self, row: Appointment) -> None:
        """Keep the time of an appointment as taken."""
        for key in _keys(row):
            self.taken.setdefault(key, []).append((row.starts_at, row.ends_at))


def _keys(row: Appointment) -> list[UUID]:
    return [one for one in (row.clinician_id, row.room_id, row.patient_id) if one is not None]


def plan(lines: Sequence[Line]) -> Plan:
    """Plan the appointments of patients who are registered; it writes nothing."""
    made, whose, known = Plan(), rows.patients_of(lines), _known()
    keys = {line.number: rows.key_of(KIND, line.said["number"]) for line in lines}
    there = {
        (row.patient_id, bytes(row.source_key or b"")): row
        for row in Appointment.objects.filter(
            patient_id__in=set(whose.values()), source_key__in=list(keys.values())
        ).defer("sealed")
    }
    drafts = [
        (line, _draft(line, whose[line.number], known)) for line in lines if line.number in whose
    ]
    _take_in(known, [row for _line, row in drafts if row is not None])
    for line, row in drafts:
        if row is None:
            continue
        row.source_key = keys[line.number]
        before = there.get((row.patient_id, keys[line.number]))
        if before is not None:
            _meet(made, line, before, row)
        elif _is_ahead(row) and known.is_taken(row):
            line.refuse("taken", "start")
        else:
            if _is_ahead(row):
                known.note(row)
            made.created.append(row)
            made.known[line.number] = row.pk
    return made


def _known() -> Known:
    gives = ServicePractitioner.objects.filter(is_active=True, user__is_active=True)
    pairs = set(gives.values_list("service_id", "user_id"))
    links = StaffLink.objects.in_force().filter(
        user_id__in={user_id for _service, user_id in pairs}
    )
    return Known(
        services=_named(Service.objects.active()),
        people=_people({user_id for _service, user_id in pairs}),
        rooms={name: row.pk for name, row in _named(Room.objects.filter(is_active=True)).items()},
        gives=pairs,
        kept_out=set(links.values_list("user_id", "patient_id")),
    )


def _named(found: Iterable[Any]) -> dict[str, Any]:
    """Return rows by both of their names."""
    named: dict[str, Any] = {}
    for row in found:
        for name in filter(None, (row.name, row.name_zh)):
            named.setdefault(folded(name), row)
    return named


def _people(user_ids: Collection[UUID]) -> dict[str, UUID]:
    """Return colleagues by their handle, their name, and the Latin and the Han part of it."""
    named: dict[str, UUID] = {}
    with context.matching():
        for user in User.objects.filter(pk__in=user_ids).only("handle", "sealed_card"):
            name = called(user)
            for one in (user.handle, name, *name.rsplit(" ", 1)):
                named.setdefault(folded(one), user.pk)
    return named


def _draft(line: Line, patient_id: UUID, known: Known) -> Appointment | None:
    """Return a line as an appointment, or note why it is none."""
    said = line.said
    service = known.services.get(folded(said["service"]))
    clinician = known.people.get(folded(said["clinician"]))
    room = known.rooms.get(folded(said["room"])) if said.get("room") else None
    if service is None:
        line.refuse("service", "service")
    elif (service.pk, clinician) not in known.gives or (clinician, patient_id) in known.kept_out:
        line.refuse("practitioner", "clinician")
    if said.get("room") and room is None:
        line.refuse("room", "room")
    start, end = _instant(line, "start"), _instant(line, "end")
    if line.is_bad or service is None or clinician is None or start is None:
        return None
    end = end or start + timedelta(minutes=service.minutes)
    if not timedelta(minutes=5) <= end - start <= LONGEST:
        line.refuse("end" if end <= start else "length", "end" if "end" in said else "start")
        return None
    return Appointment(
        patient_id=patient_id, service=service, clinician_id=clinician, room_id=room, starts_at=start,
        ends_at=end, state=said.get("status", State.BOOKED), note=said.get("note", ""),
    )  # fmt: skip


def _instant(line: Line, column: str) -> datetime | None:
    """Return a time of the clinic's clock, or note that a day alone is none."""
    text = line.said.get(column)
    if not text:
        return None
    if len(text) <= 10:
        line.refuse("time", column)
        return None
    return clocks.read(text)


def _is_ahead(row: Appointment) -> bool:
    return row.state not in Appointment.GIVEN_UP and row.ends_at > timezone.now()


def _take_in(known: Known, drafts: Sequence[Appointment]) -> None:
    """Learn which times around some appointments are taken, with one query."""
    ahead = [row for row in drafts if _is_ahead(row)]
    if not ahead:
        return
    standing = Appointment.objects.standing().filter(
        Q(clinician_id__in={row.clinician_id for row in ahead})
        | Q(room_id__in={row.room_id for row in ahead if row.room_id})
        | Q(patient_id__in={row.patient_id for row in ahead}),
        starts_at__lt=max(row.ends_at for row in ahead),
        ends_at__gt=min(row.starts_at for row in ahead),
    )
    for row in standing.defer("sealed"):
        known.note(row)


def _meet(made: Plan, line: Line, before: Appointment, row: Appointment) -> None:
    """Compare a line with the appointment it made before; what goes on here is not overwritten."""
    names = ("starts_at", "ends_at", "service_id", "clinician_id")
    made.known[line.number] = before.pk
    if before.version > 1:
        line.refuse("corrected")
    elif any(getattr(before, name) != getattr(row, name) for name in names):
        line.refuse("moved")
    else:
        made.unchanged += 1


def arriving(found: Sequence[Any]) -> None:
    """Take the times of appointments that lie ahead, and give their clinicians reach."""
    standing = [row for row in found if row.state not in Appointment.GIVEN_UP]
    ahead = [row for row in standing if _is_ahead(row)]
    claims.lock(resources={key for row in ahead for key in (row.clinician_id, row.room_id)})
    again = Known()
    _take_in(again, ahead)
    if any(again.is_taken(row) for row in ahead):
        # Somebody booked between the plan and this; the rows are planned anew.
        raise claims.SlotTaken
    Claim.objects.bulk_create([one for row in ahead for one in claims.rows_of(row)])
    reaches.give(appointments=standing, by=context.current().actor)


def leaving(found: Sequence[Any]) -> None:
    """Give back times and reach of appointments that an undo removes."""
    Claim.objects.filter(appointment_id__in=[row.pk for row in found]).delete()
    reaches.end(appointments=list(found), by=context.current().actor)


APPOINTMENTS = Importer(
    KIND,
    _("Appointments"),
    _("Adds appointments of registered patients. Services, rooms and clinicians have to be entered before."),
    "calendar",
    Appointment,
    (Permission.APPOINTMENTS_WRITE,),
    COLUMNS,
    plan,
    identity="number",
    reading=(Permission.APPOINTMENTS_READ, Permission.IDENTIFIERS_READ),
    arriving=arriving,
    leaving=leaving,
)  # fmt: skip
