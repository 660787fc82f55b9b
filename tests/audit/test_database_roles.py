"""What each role of the database may do, tried by connecting as it."""

from __future__ import annotations

import secrets

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from audit import database_roles
from tests import database

APPENDED = {"audit_event", "audit_stamp", "audit_state", "audit_pending", "auditlog_logentry"}
READ = {"audit_checkpoint", "audit_leaf", "audit_node", "django_migrations"}
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
POWERS = (
    "ALTER TABLE audit_event ADD COLUMN note text",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TABLE audit_event",
    "DROP TRIGGER audit_event_never_changed ON audit_event",
    "CREATE TABLE loot (id int)",
    "CREATE TEMPORARY TABLE loot (id int)",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "ALTER FUNCTION audit_refuse() RENAME TO gone",
    "CREATE SCHEMA loot",
    "SET session_replication_role = replica",
    "SET ROLE custodia_owner",
    "CREATE ROLE loot",
    "COPY security_unit TO PROGRAM 'cat'",
)

pytestmark = pytest.mark.django_db


def rights_of(part: str) -> dict[str, set[str]]:
    """Return what a role may do to each table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, r FROM pg_class c, unnest(%s::text[]) r"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
            " AND has_table_privilege(%s, c.oid, r)",
            [list(RIGHTS), database.role(part)],
        )
        found: dict[str, set[str]] = {}
        for table, right in cursor.fetchall():
            found.setdefault(table, set()).add(right)
    return found


def test_tests_run_as_the_web_does() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("custodia_app", "custodia_app")


def test_app_writes_everything_but_appends_only_to_trail_and_journal() -> None:
    rights = rights_of("app")

    tables = set(connection.introspection.table_names())
    assert {table for table, held in rights.items() if held == {"SELECT", "INSERT"}} == APPENDED
    assert all(rights.pop(table) == {"SELECT"} for table in READ)
    business = {table: held for table, held in rights.items() if table not in APPENDED}
    assert set(business) == tables - APPENDED - READ
    assert all(held == {"SELECT", "INSERT", "UPDATE", "DELETE"} for held in business.values())


@pytest.mark.django_db(transaction=True)
def test_until_the_roles_are_prepared_again_app_only_appends_to_a_new_table() -> None:
    with database.administrator() as other, other.cursor() as cursor:
        cursor.execute("SET ROLE custodia_owner")
        try:
            cursor.execute("CREATE TABLE audit_later (id int)")
            assert rights_of("app")["audit_later"] == {"SELECT", "INSERT"}
            assert rights_of("backup")["audit_later"] == {"SELECT"}
        finally:
            cursor.execute("DROP TABLE IF EXISTS audit_later")


def test_sealer_reads_the_trail_takes_pending_rows_and_adds_to_the_ledger() -> None:
    assert rights_of("sealer") == {
        "audit_event": {"SELECT"},
        "audit_state": {"SELECT"},
        "audit_pending": {"SELECT", "DELETE"},
        "audit_leaf": {"SELECT", "INSERT"},
        "audit_node": {"SELECT", "INSERT"},
        "audit_checkpoint": {"SELECT", "INSERT"},
        "audit_anchor": {"SELECT", "INSERT", "UPDATE"},
        "audit_heartbeat": {"SELECT", "INSERT", "UPDATE"},
    }


def test_backup_reads_every_table_and_sequence() -> None:
    rights = rights_of("backup")
    assert set(rights) == set(connection.introspection.table_names())
    assert all(held == {"SELECT"} for held in rights.values())
    with database.connected_as("backup") as other, other.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'S'")
        for (sequence,) in cursor.fetchall():
            cursor.execute(f"SELECT last_value FROM {sequence}")


def test_reporting_reads_nothing_sealed_and_nothing_of_persons() -> None:
    rights = rights_of("reporting")
    assert all(held == {"SELECT"} for held in rights.values())
    assert "security_unit" in rights
    # An envelope is a column of bytes, and so are keys and hashes.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'bytea'"
        )
        assert not {table for (table,) in cursor.fetchall()} & set(rights)
    assert not [
        table for table in rights if table.startswith(("audit", "patients_patient", "django"))
    ]


@pytest.mark.parametrize("part", ["app", "sealer", "backup", "reporting"])
@pytest.mark.parametrize("power", POWERS)
def test_no_role_but_the_owner_alters_anything(part: str, power: str) -> None:
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with database.connected_as(part) as other, other.cursor() as cursor, refused:
        cursor.execute(power)


def test_the_owner_owns_every_table_and_function() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relowner <> 'custodia_owner'::regrole"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proowner <> 'custodia_owner'::regrole"
        )
        assert cursor.fetchall() == []


def test_app_can_not_make_the_roles() -> None:
    with pytest.raises(CommandError, match="not as custodia_app"):
        call_command("db_roles")


def test_a_prefix_that_is_no_name_is_refused() -> None:
    with pytest.raises(CommandError, match="can not begin"):
        call_command("db_roles", prefix='x"; DROP TABLE audit_event; --')


@pytest.mark.parametrize(
    ("made_with", "complaint"),
    [
        ("BYPASSRLS", "has powers over the server"),
        ("SUPERUSER", "has powers over the server"),
        ("IN ROLE pg_write_all_data", "is a member of pg_write_all_data"),
    ],
)
def test_a_role_that_can_do_more_is_not_taken_for_ours(
    monkeypatch: pytest.MonkeyPatch, made_with: str, complaint: str
) -> None:
    role = f"ct{secrets.token_hex(4)}_app"
    with database.administrator() as other, other.cursor() as cursor:
        monkeypatch.setattr(database_roles, "connection", other)
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE ROLE {role} {made_with}")
        with pytest.raises(database_roles.RolesImpossible, match=complaint):
            database_roles._make(role, print)
        cursor.execute("ROLLBACK")


def test_reporting_tables_hold_low_levels_only() -> None:
    assert "security_unit" in database_roles.reporting_tables()
    assert not {"security_user", "security_roleassignment", "django_session"} & (
        database_roles.reporting_tables()
    )
