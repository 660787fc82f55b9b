"""The cast of the page tests: people by role, patients by what is said of them, browsers that are signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from patients.models import CareRelationship, Patient, PatientIndex
from patients.services import relationships
from security import context
from security.access.decision import purposes_of, roles_of
from security.models import User
from security.sealing import index
from tests import world

Source = CareRelationship.Source


def staff(*roles: str, name: str = "") -> User:
    """Make a colleague who holds roles."""
    return world.person(*roles, name=name or f"The {roles[0]}")


def browser(user: User) -> Client:
    """Return a browser that is signed in with both factors just now."""
    return world.signed_in(user, world.factor_of(user), Client(**{"wsgi.url_scheme": "https"}))


def stale(client: Client) -> Client:
    """Let the second factor of a browser be older than five minutes."""
    session = client.session
    session["factor_at"] = session["factor_at"] - 400
    session.save()
    return client


@contextmanager
def acting(user: User, purpose: str = "") -> Iterator[context.Context]:
    """Put the context of a request in force, past its gate."""
    with context.enter(context.Context()):
        stated = purpose or str(next(iter(purposes_of(user)), ""))
    here = context.Context(actor=user, purpose=stated)
    with context.enter(here):
        here.roles = roles_of(user)
        yield here


def patient(
    family: str = "Muster", given: str = "Mia", *, days_ago: float = 0, **fields
) -> Patient:
    """Make a patient, last active some days ago, and the index rows that find the patient."""
    names = fields.pop("names", [{"use": "official", "family": family, "given": [given]}])
    active_at = timezone.now() - timedelta(days=days_ago)
    row = Patient.objects.create(names=names, last_activity_at=active_at, **fields)
    index.rebuild([row], PatientIndex)
    return row


def patients(count: int, family: str = "Muster") -> list[Patient]:
    """Make several patients, one active a day before the other."""
    now = timezone.now()
    rows = Patient.objects.bulk_create(
        Patient(
            names=[{"use": "official", "family": family, "given": [f"Nr{number:03d}"]}],
            record_number=f"R-{number:05d}",
            last_activity_at=now - timedelta(days=number),
        )
        for number in range(count)
    )
    index.rebuild(rows, PatientIndex)
    return rows


def care(user: User, *whom: Patient, source: str = Source.RESPONSIBLE, **when) -> None:
    """Let somebody care for patients."""
    for one in whom:
        relationships.grant(user=user, patient_id=one.pk, source=source, by=None, **when)


def events(action: str) -> list[Event]:
    """Return the events of an action, the oldest first."""
    return list(Event.objects.filter(action=action).order_by("recorded_at", "pk"))


def words(response) -> str:
    """Return the text of a page, its tags and spaces folded."""
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(text.split())


class CaptureQueries(CaptureQueriesContext):
    """Counts the queries of a block."""

    def __init__(self) -> None:
        super().__init__(connection)


def store(model, **columns) -> None:
    """Write columns of every row of a table behind everybody's back."""
    written = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {written}", list(columns.values()))


def break_seal(row, column: str = "sealed_card") -> None:
    """Flip a bit of an envelope behind everybody's back."""
    table = type(row)._meta.db_table
    flipped = f"set_byte({column}, 40, 255 - get_byte({column}, 40))"
    statement = f"UPDATE {table} SET {column} = {flipped} WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [row.pk])
