"""Deed and event stand or fall together in real transactions, and what was recorded stays."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from audit import wiring, writer
from audit.models import Event, Pending, State
from security import context, trail
from security.models import Unit
from tests import database

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("audit_event", "audit_state", "auditlog_logentry")
WRITES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}")
COLUMNS = {"audit_event": "action", "audit_state": "model", "auditlog_logentry": "object_repr"}


@pytest.fixture
def recorded() -> Unit:
    with acting(), transaction.atomic():
        unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
        trail.record("tests.deed.done", changed=[unit])
    return unit


def acting() -> AbstractContextManager[context.Context]:
    return trail.acting_for(system="tests", purpose="HOPERAT")


def statement(table: str, write: str) -> str:
    return write.format(table, COLUMNS[table], COLUMNS[table])


def refused(table: str, write: str = "") -> pytest.RaisesExc[IntegrityError]:
    return pytest.raises(IntegrityError, match=f"rows of {table} are never changed: {write}")


def half_a_deed() -> None:
    with transaction.atomic():
        unit = Unit.objects.create(name="Ward 2", kind=Unit.Kind.DEPARTMENT)
        trail.record("tests.deed.done", changed=[unit])
        raise ZeroDivisionError


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("table", TABLES)
def test_nobody_changes_what_was_recorded(recorded: Unit, table: str, write: str) -> None:
    before = count(table)
    assert before
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement(table, write))
    for other in (database.administrator(), database.connected_as("owner")):
        with other as conn, conn.cursor() as cursor, refused(table):
            cursor.execute(statement(table, write))

    assert count(table) == before


@pytest.mark.parametrize("table", TABLES)
def test_a_replication_session_is_refused_too(recorded: Unit, table: str) -> None:
    with database.administrator() as conn, conn.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with refused(table, "DELETE"):
            cursor.execute(f"DELETE FROM {table}")


def test_an_upsert_does_not_pass_the_trigger(recorded: Unit) -> None:
    event = Event.objects.get(action="tests.deed.done")
    upsert = (
        "INSERT INTO audit_event SELECT * FROM audit_event WHERE id = %s"
        " ON CONFLICT (id) DO UPDATE SET action = 'forged'"
    )
    with database.connected_as("owner") as conn, conn.cursor() as cursor, refused("audit_event"):
        cursor.execute(upsert, [event.pk])


def test_a_pending_row_is_taken_by_the_sealer_only(recorded: Unit) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        Pending.objects.all().delete()
    with database.connected_as("owner") as conn, conn.cursor() as cursor:
        for write in ("UPDATE audit_pending SET event_id = event_id", "TRUNCATE audit_pending"):
            with refused("audit_pending"):
                cursor.execute(write)
    with database.connected_as("sealer") as conn, conn.cursor() as cursor:
        cursor.execute("DELETE FROM audit_pending RETURNING event_id")
        assert cursor.fetchall()

    assert not Pending.objects.exists()
    assert Event.objects.exists()


def test_the_library_s_flush_of_its_journal_is_refused(recorded: Unit) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        call_command("auditlogflush", yes=True)

    assert count("auditlog_logentry")


def test_deed_and_event_are_committed_together(recorded: Unit) -> None:
    with acting(), pytest.raises(ZeroDivisionError):
        half_a_deed()

    assert Event.objects.filter(action="tests.deed.done").count() == 1
    assert Unit.objects.get() == recorded


def test_without_an_event_there_is_no_deed(recorded: Unit) -> None:
    def broken(entry: trail.Entry) -> None:
        raise DatabaseError("the disk is full")

    trail.install(broken)  # type: ignore[arg-type]
    try:
        with acting(), pytest.raises(DatabaseError, match="disk is full"), transaction.atomic():
            Unit.objects.create(name="Ward 2", kind=Unit.Kind.DEPARTMENT)
    finally:
        trail.uninstall(broken)  # type: ignore[arg-type]

    assert Unit.objects.get() == recorded
    assert trail._installed == [writer.write]


def test_changed_rows_outside_a_transaction_are_refused(recorded: Unit) -> None:
    with acting(), pytest.raises(trail.OutsideTransaction):
        trail.record("tests.deed.done", changed=[recorded])


def test_a_setting_changed_outside_a_transaction_is_refused(recorded: Unit) -> None:
    recorded.name = "Ward 9"
    with acting(), pytest.raises(wiring.Unjournalled):
        recorded.save()

    assert Unit.objects.get().name == "Ward 1"


def test_a_test_leaves_an_empty_trail_and_armed_triggers(recorded: Unit) -> None:
    database.empty()

    assert (Event.objects.count(), State.objects.count(), count("auditlog_logentry")) == (0, 0, 0)
    with database.administrator() as conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgname ~ '_never_' AND tgenabled = 'A' AND tgname !~ '^(consent|engagement)_' GROUP BY 1"
        )
        armed = dict(cursor.fetchall())
    ledger = ("audit_leaf", "audit_node", "audit_checkpoint", "audit_stamp")
    assert armed == dict.fromkeys((*TABLES, *ledger, "audit_pending"), 2)
