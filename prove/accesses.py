"""Ordinary accesses as a clinic has them, and the shapes of snooping that were found in the world."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from prove.clinic import DESKS, Clinic, Colleague, copy, raise_family
from security.ids import new_id

# Shape -> charts, and over how many days; cut where the time is shorter.
LONG_SHAPES = {
    "64 charts": (64, 30), "300 charts": (300, 120), "600 charts": (600, 365), "919 charts": (919, 912),
    "3,000 charts": (3000, 912), "one a day": (200, 200),
}  # fmt: skip
FAMILY, CELEBRITY, VIEWERS = "family", "celebrity", 12
SHAPES = (*LONG_SHAPES, FAMILY, CELEBRITY)
# Of what people do, so much has no trace that explains it: a call, a question on the stairs.
UNTRACED = 0.035


@dataclass
class Told:
    """What was written, and what of it is snooping."""

    ordinary: set[UUID] = field(default_factory=set)
    # (shape, number, person) -> the events of one snooper.
    snooped: dict[tuple[str, int, UUID], set[UUID]] = field(default_factory=dict)


@dataclass
class Opened:
    """One opening of a chart."""

    at: datetime
    who: Colleague
    patient: UUID
    id: UUID = field(default_factory=new_id)


def write(clinic: Clinic, *, ordinary: int, each: int, chance: random.Random) -> Told:
    """Write ordinary accesses and so many snoopers of each shape into the trail."""
    told = Told()
    rows = list(_ordinary(clinic, ordinary, chance))
    told.ordinary = {one.id for one in rows}
    workers = [one for one in clinic.staff if not one.works_nights]
    snoopers = chance.sample(workers, len(LONG_SHAPES) * each + each)
    for shape, (charts, days) in LONG_SHAPES.items():
        for number in range(each):
            who = snoopers.pop()
            seen = _snoop(clinic, who, charts, days, chance)
            told.snooped[shape, number, who.id] = {one.id for one in seen}
            rows += seen
    for number in range(each):
        who = snoopers.pop()
        kin = raise_family(clinic, who, chance)
        seen = [_at(clinic, who, _any_day(clinic, chance), one, chance) for one in kin]
        told.snooped[FAMILY, number, who.id] = {one.id for one in seen}
        rows += seen
        for one in _crowd(clinic, workers, chance):
            told.snooped[CELEBRITY, number, one.who.id] = {one.id}
            rows.append(one)
    rows.sort(key=lambda one: one.at)
    _store(rows)
    return told


def _any_day(clinic: Clinic, chance: random.Random) -> int:
    return chance.randrange(clinic.days)


def _ordinary(clinic: Clinic, count: int, chance: random.Random) -> Iterator[Opened]:
    workdays = [
        day for day in range(clinic.days) if (clinic.start + timedelta(days=day)).weekday() < 5
    ]
    shifts = [day for day in range(clinic.days) if day not in set(workdays)]
    for _ in range(count):
        who = chance.choice(clinic.staff)
        weekend = shifts and chance.random() < (
            0.25 if who.role in ("nurse", "physician") else 0.02
        )
        day = chance.choice(shifts if weekend else workdays)
        yield _at(clinic, who, day, _patient(clinic, who, day, chance), chance)


def _patient(clinic: Clinic, who: Colleague, day: int, chance: random.Random) -> UUID:
    dice = chance.random()
    if dice < UNTRACED:
        return chance.choice(clinic.patients)
    if who.role in DESKS:
        # Check-in on the day, bookings and bills around it.
        near = clinic.visits.get(min(clinic.days - 1, max(0, day + round(chance.gauss(0, 6)))))
        return chance.choice(near or clinic.patients)
    own = clinic.of_unit.get(who.unit)
    if dice < 0.85 and own:
        return chance.choice(own)
    near = clinic.unit_visits.get((who.unit, max(0, day - chance.randrange(4))))
    return chance.choice(near or own or clinic.patients)


def _at(clinic: Clinic, who: Colleague, day: int, patient: UUID, chance: random.Random) -> Opened:
    if who.works_nights:
        hour = chance.choice((20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6)) + chance.random()
    else:
        # Some stay late, a few come back in the evening.
        hour = chance.uniform(8, 18) if chance.random() < 0.97 else chance.uniform(18, 24)
    return Opened(clinic.start + timedelta(days=day, hours=hour), who, patient)


def _snoop(
    clinic: Clinic, who: Colleague, charts: int, days: int, chance: random.Random
) -> list[Opened]:
    length = min(days, clinic.days)
    count = max(1, round(charts * length / days))
    first = chance.randrange(clinic.days - length + 1)
    own = set(clinic.of_unit.get(who.unit, ())) if who.role not in DESKS else set()
    strangers = [one for one in clinic.patients if one not in own]
    chosen = chance.choices(strangers, k=count)
    when = sorted(first + chance.random() * length for _ in chosen)
    if charts == days:
        when = [first + float(number) for number in range(count)]
    return [
        _at(clinic, who, min(int(day), clinic.days - 1), patient, chance)
        for day, patient in zip(when, chosen, strict=True)
    ]


def _crowd(clinic: Clinic, workers: list[Colleague], chance: random.Random) -> list[Opened]:
    """Return the accesses of a dozen curious colleagues to one chart within a day."""
    home = chance.randrange(len(clinic.of_unit))
    patients = list(clinic.of_unit.values())[home]
    patient, day = chance.choice(patients), _any_day(clinic, chance)
    carers = {one.id for one in clinic.staff if patient in set(clinic.of_unit.get(one.unit, ()))}
    curious = [one for one in workers if one.id not in carers or one.role in DESKS]
    busy = {near for delta in range(-30, 31) for near in clinic.visits.get(day + delta, ())}
    if patient in busy:
        # The desks have work with a patient who is here; of the others it is curiosity alone.
        curious = [one for one in curious if one.role not in DESKS]
    start = clinic.start + timedelta(days=day, hours=8)
    return [
        Opened(start + timedelta(hours=chance.uniform(0, 12)), one, patient)
        for one in chance.sample(curious, VIEWERS)
    ]


def _store(rows: list[Opened]) -> None:
    columns = (
        "id", "format", "recorded_at", "action", "outcome", "actor_id", "actor_kind", "system", "roles",
        "purpose", "basis", "subjects", "object_label", "fields", "counts", "session_ref", "device_ref",
        "request_id", "route", "detail",
    )  # fmt: skip
    copy(
        "audit_event", columns,
        (
            (
                one.id, 1, one.at, "patients.chart.opened", "success", one.who.id, "staff", "",
                [one.who.role], "PATADMIN" if one.who.role in DESKS else "TREAT",
                "role" if one.who.role in DESKS else "appointment", [one.patient], "", ["summary"],
                json.dumps({}), "", "", new_id(), "patients:patient", b"",
            )
            for one in rows
        ),
    )  # fmt: skip
