"""A population of made-up people, sealed and plain side by side; made once and kept."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from tqdm import tqdm

from patients.models import CareRelationship, ChartPermission, Patient, PatientIndex
from security import context
from security.classification import Scope, SubjectKind
from security.models import RoleAssignment, User
from security.sealing import index, keys
from tests.bench import twins

SYLLABLES = ("an", "bel", "cor", "dan", "el", "fer", "gar", "hol", "is", "jor", "kal", "lin", "mar", "nor", "or", "per", "quin", "ros", "sal", "tor")  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文辉玲欣"
LATIN = ["".join(parts).capitalize() for parts in product(SYLLABLES, SYLLABLES)]
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 2000
CHARTS = 2000


def people(count: int) -> dict[str, User]:
    """Return the readers, with `count` patients in the database; make what is missing."""
    twins.create()
    there = twins.PlainPerson.objects.count()
    if there < count:
        _run("DROP INDEX IF EXISTS patients_patientindex_tokens")
    with tqdm(
        total=count, initial=min(there, count), unit="patient", disable=there >= count
    ) as bar:
        for start in range(there, count, BATCH):
            size = min(BATCH, count - start)
            with transaction.atomic():
                _make(start, size)
            context.current().forget_keys()
            bar.update(size)
    _run(
        "CREATE INDEX IF NOT EXISTS patients_patientindex_tokens ON patients_patientindex"
        " USING gin (tokens) WITH (fastupdate = off)"
    )
    with transaction.atomic():
        found = {role: _reader(role) for role in ("physician", "receptionist")}
        _give_charts(found["physician"])
    _run("ANALYZE")
    return found


def number_within_reach(user: User) -> str:
    """Return the record number of somebody whose chart the user opens."""
    charts = ChartPermission.objects.filter(user=user).values("content_object_id")
    return twins.PlainPerson.objects.filter(pk__in=charts).order_by("pk")[0].record_number


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _make(start: int, size: int) -> None:
    rows = [_person(number) for number in range(start, start + size)]
    keys.prepare([row.pk for row in rows], kind=SubjectKind.PATIENT, scope=Scope.RECORD)
    Patient.objects.bulk_create(rows)
    entries = [entry for row in rows for entry in index.entries_of(row, PatientIndex)]
    PatientIndex.objects.bulk_create(entries, batch_size=1000)
    twins.PlainPerson.objects.bulk_create(twins.PlainPerson(**_plain(row)) for row in rows)


def _person(number: int) -> Patient:
    chance = random.Random(number)
    if chance.random() < 0.3:
        name: dict[str, Any] = {"family": chance.choice(SURNAMES), "given": ["".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))]}  # fmt: skip
    else:
        name = {"family": chance.choice(LATIN), "given": [chance.choice(LATIN)]}
    return Patient(
        names=[name],
        birth_on=date(1930, 1, 1) + timedelta(days=chance.randrange(34_000)),
        birth_precision="day",
        sex=chance.choice(("female", "male")),
        record_number=f"P{number:08d}",
        deceased=False,
        last_activity_at=START + timedelta(seconds=chance.randrange(25_000_000)),
    )


def _plain(row: Patient) -> dict[str, Any]:
    names = ("id", "names", "birth_on", "birth_precision", "sex", "record_number", "deceased", "confidentiality", "last_activity_at")  # fmt: skip
    family, given = row.names[0]["family"].lower(), row.names[0]["given"][0].lower()
    return {name: getattr(row, name) for name in names} | {"family": family, "given": given}


def _reader(role: str) -> User:
    held = RoleAssignment.objects.filter(role=role, user__handle=f"bench-{role}").first()
    if held is not None:
        return held.user
    user = User.objects.create(handle=f"bench-{role}", display_name=role)
    RoleAssignment.objects.create(user=user, role=role)
    return user


def _give_charts(user: User) -> None:
    if ChartPermission.objects.filter(user=user).exists():
        return
    ids = list(Patient.objects.order_by("pk").values_list("pk", flat=True))
    chosen = random.Random(7).sample(ids, min(CHARTS, len(ids)))
    open_chart = Permission.objects.get(codename="open_chart")
    CareRelationship.objects.bulk_create(
        CareRelationship(user=user, patient_id=one, source="responsible", starts_at=START)
        for one in chosen
    )
    ChartPermission.objects.bulk_create(
        ChartPermission(user=user, content_object_id=one, permission=open_chart, starts_at=START)
        for one in chosen
    )
