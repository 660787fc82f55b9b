"""A made-up clinic: colleagues in units, patients with families, their care, their visits over the years."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from patients.models import Patient, PatientIndex, Practitioner, Relation, StaffLink
from security import context
from security.classification import Scope, SubjectKind
from security.ids import new_id
from security.models import RoleAssignment, Unit, User, UserIndex
from security.sealing import index, keys

# The twenty most frequent Chinese family names with their share, in percent of all.
HAN = {
    "王": 7.1, "李": 7.0, "张": 6.7, "刘": 5.4, "陈": 4.5, "杨": 3.1, "黄": 2.2,
    "赵": 2.1, "吴": 2.0, "周": 2.0, "徐": 1.7, "孙": 1.5, "马": 1.3, "朱": 1.3,
    "胡": 1.3, "郭": 1.2, "何": 1.2, "林": 1.1, "高": 1.0, "罗": 1.0,
}  # fmt: skip
RARE_HAN = "邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂辉玲欣"
PARTS = (
    "an", "bel", "cor", "dan", "el", "fer", "gar", "hol", "is", "jor", "kal", "lin", "mar", "nor", "per",
    "ros", "sal", "tor",
)  # fmt: skip
LATIN = ["".join(parts).capitalize() for parts in product(PARTS, PARTS)]
ROLES = (
    "physician",
    "nurse",
    "nurse",
    "receptionist",
    "physician",
    "finance",
    "nurse",
    "receptionist",
)
DESKS = {"receptionist", "finance"}
UNIT_SIZE = 14
VISIT_EVERY = 80
BATCH = 2000


@dataclass
class Colleague:
    """Somebody who works here."""

    id: UUID
    role: str
    unit: int
    family: str
    works_nights: bool


@dataclass
class Clinic:
    """Who is there, and who cared for whom when."""

    start: datetime
    days: int
    staff: list[Colleague] = field(default_factory=list)
    patients: list[UUID] = field(default_factory=list)
    of_unit: dict[int, list[UUID]] = field(default_factory=dict)
    # Day -> the patients who come that day; (unit, day) -> those who come to a unit.
    visits: dict[int, list[UUID]] = field(default_factory=dict)
    unit_visits: dict[tuple[int, int], list[UUID]] = field(default_factory=dict)
    families: dict[UUID, list[UUID]] = field(default_factory=dict)


def build(
    *, staff: int, patients: int, start: datetime, days: int, chance: random.Random
) -> Clinic:
    """Write a clinic into the database."""
    clinic = Clinic(start, days)
    with transaction.atomic():
        units = [
            Unit.objects.create(name=f"Team {number}", kind=Unit.Kind.TEAM)
            for number in range(max(2, staff // UNIT_SIZE))
        ]
        _hire(clinic, staff, units, chance)
    for first in range(0, patients, BATCH):
        with transaction.atomic():
            _admit(clinic, first, min(BATCH, patients - first), len(units), chance)
        context.current().forget_keys()
    with transaction.atomic():
        _care(clinic, units)
        _visit(clinic, chance)
    return clinic


def family_name(chance: random.Random) -> str:
    """Return a family name, as often as it is borne."""
    if chance.random() < 0.5:
        return chance.choice(LATIN)
    if chance.random() < 0.6:
        return chance.choices(list(HAN), list(HAN.values()))[0]
    return chance.choice(RARE_HAN)


def names(family: str, chance: random.Random) -> list[dict[str, Any]]:
    """Return the name of one of a family."""
    given = "".join(chance.choices(GIVEN, k=2)) if not family.isascii() else chance.choice(LATIN)
    return [{"use": "official", "family": family, "given": [given]}]


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows in bulk."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as out,
    ):
        for row in rows:
            out.write_row(row)


def _hire(clinic: Clinic, count: int, units: list[Unit], chance: random.Random) -> None:
    users, colleagues = [], []
    for number in range(count):
        family, role = family_name(chance), ROLES[number % len(ROLES)]
        given = names(family, chance)[0]["given"][0]
        shown = f"{given} {family}" if family.isascii() else f"{family}{given}"
        phone = f"+8613{700000000 + number:09d}"
        users.append(User(handle=f"prove-{number}", display_name=shown, phone=phone))
        nights = role == "nurse" and number % 3 == 0
        unit = number % len(units)
        colleagues.append(Colleague(users[-1].pk, role, unit, family, nights))
    keys.prepare([user.pk for user in users], kind=SubjectKind.USER, scope=Scope.RECORD)
    User.objects.bulk_create(users)
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user_id=one.id, role=one.role, starts_at=clinic.start) for one in colleagues
    )
    entries = [entry for user in users for entry in index.entries_of(user, UserIndex)]
    for entry in entries:
        entry.account_kind = "staff"  # type: ignore[attr-defined]
    UserIndex.objects.bulk_create(entries)
    copy(
        "security_membership", ("id", "starts_at", "user_id", "unit_id"),
        ((new_id(), clinic.start, one.id, units[one.unit].pk) for one in colleagues if one.role not in DESKS),
    )  # fmt: skip
    Practitioner.objects.bulk_create(
        Practitioner(identity=f"prove-{one.id}", user_id=one.id)
        for one in colleagues
        if one.role == "physician"
    )
    clinic.staff = colleagues


def _admit(clinic: Clinic, first: int, count: int, units: int, chance: random.Random) -> None:
    rows = []
    for number in range(first, first + count):
        row = Patient(
            names=names(family_name(chance), chance),
            record_number=f"P{number:07d}",
            addresses=[address(number)],
            confidentiality="vip" if chance.random() < 0.005 else "normal",
            deceased=chance.random() < 0.02,
        )
        rows.append(row)
    admit(rows)
    for row in rows:
        clinic.patients.append(row.pk)
        clinic.of_unit.setdefault(chance.randrange(units), []).append(row.pk)


def address(number: int) -> dict[str, Any]:
    """Return where somebody lives: a dozen flats a building."""
    return {"line": [f"{number // 12} Long Road", f"Flat {number % 12}"], "city": "Exeter"}


def admit(rows: list[Patient]) -> None:
    """Write patients and what finds them."""
    keys.prepare([row.pk for row in rows], kind=SubjectKind.PATIENT, scope=Scope.RECORD)
    Patient.objects.bulk_create(rows)
    entries = [entry for row in rows for entry in index.entries_of(row, PatientIndex)]
    PatientIndex.objects.bulk_create(entries, batch_size=1000)


def raise_family(clinic: Clinic, one: Colleague, chance: random.Random) -> list[UUID]:
    """Make the relatives of a colleague patients, joined to the colleague as families are."""
    number = 10_000_000 + len(clinic.families) * 12
    has_record, home = chance.random() < 0.7, address(number)
    own = Patient(names=names(one.family, chance), addresses=[home], record_number=f"S{number}")
    kin = []
    for place in range(chance.randint(3, 8)):
        # Some married out of the name, some moved away, some gave the colleague's number for emergencies.
        family = one.family if chance.random() < 0.7 else family_name(chance)
        lives = home if chance.random() < 0.5 else address(number + 1_000_000 + place * 12)
        phone = User.objects.get(pk=one.id).phone if chance.random() < 0.4 else None
        telecoms = [{"system": "phone", "value": phone}] if phone else []
        kin.append(
            Patient(
                names=names(family, chance), addresses=[lives], telecoms=telecoms,
                record_number=f"F{number}-{place}",
            )
        )  # fmt: skip
    with transaction.atomic():
        admit([own, *kin] if has_record else kin)
        if has_record:
            StaffLink.objects.create(
                user_id=one.id, patient=own, kind=StaffLink.Kind.SELF, starts_at=clinic.start
            )
            noted = [row for row in kin if chance.random() < 0.5]
            Relation.objects.bulk_create(
                Relation(patient=own, related=row, kind="FAMMEMB") for row in noted
            )
    clinic.families[one.id] = [row.pk for row in kin]
    return clinic.families[one.id]


def _care(clinic: Clinic, units: list[Unit]) -> None:
    columns = ("id", "starts_at", "source", "user_id", "patient_id", "unit_id")
    copy(
        "patients_carerelationship", columns,
        (
            (new_id(), clinic.start, "team", one.id, patient, units[one.unit].pk)
            for one in clinic.staff
            if one.role not in DESKS
            for patient in clinic.of_unit.get(one.unit, ())
        ),
    )  # fmt: skip


def _visit(clinic: Clinic, chance: random.Random) -> None:
    doctors: dict[int, list[UUID]] = {}
    by_user = dict(Practitioner.objects.values_list("user_id", "pk"))
    for one in clinic.staff:
        if one.role == "physician":
            doctors.setdefault(one.unit, []).append(by_user[one.id])
    rows = []
    everybody = list(range(len(doctors)))
    for home, patients in clinic.of_unit.items():
        for patient in patients:
            day = chance.randrange(VISIT_EVERY)
            while day < clinic.days:
                # Most come to their own team; some are sent to another one.
                unit = home if chance.random() < 0.85 or not everybody else chance.choice(everybody)
                doctor = chance.choice(doctors.get(unit) or [None])  # type: ignore[list-item]
                at = clinic.start + timedelta(days=day, hours=chance.uniform(8, 17))
                rows.append((new_id(), 1, b"", "N", at, at, b"", 0, b"", patient, doctor))
                clinic.visits.setdefault(day, []).append(patient)
                clinic.unit_visits.setdefault((unit, day), []).append(patient)
                day += max(1, int(chance.expovariate(1 / VISIT_EVERY)))
    columns = (
        "id", "version", "sealed", "confidentiality", "occurred_at", "created_at", "sealed_card",
        "restricted_version", "sealed_restricted", "patient_id", "practitioner_id",
    )  # fmt: skip
    copy("patients_encounter", columns, rows)
