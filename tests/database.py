"""The test database: made and migrated by the administrator, then used as the role `app`.

As in the demo and in production, the code under test connects as `custodia_app`, which owns
nothing. Transactional tests are cleaned up through a second connection of the administrator.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from audit import database_roles

# What migrations fill and no test may lose.
KEPT = frozenset(
    {
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "django_content_type",
        "django_migrations",
    }
)
_administrator: dict[str, Any] = {}


def role(part: str) -> str:
    """Return the name of a database role, such as that of `app`."""
    return f"{database_roles.PREFIX}_{part}"


@contextmanager
def used_by_app() -> Iterator[None]:
    """Make the roles, then let every connection of this process be one of `app`."""
    password = connection.settings_dict["PASSWORD"]
    for part in database_roles.ROLES if password else ():
        os.environ.setdefault(f"{role(part).upper()}_PASSWORD", password)
    call_command("db_roles", stdout=io.StringIO())
    _administrator.update(USER=connection.settings_dict["USER"], PASSWORD=password)
    usual_teardown = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda case: empty()
    _sign_in(role("app"), os.environ.get(f"{role('app').upper()}_PASSWORD", ""))
    try:
        yield
    finally:
        TransactionTestCase._fixture_teardown = usual_teardown
        _sign_in(_administrator["USER"], _administrator["PASSWORD"])


def _sign_in(user: str, password: str) -> None:
    connections.close_all()
    # All threads share this dictionary, so the live server's connections change hands as well.
    connection.settings_dict.update(USER=user, PASSWORD=password)


@contextmanager
def connected_as(part: str) -> Iterator[BaseDatabaseWrapper]:
    """Open another connection as one of the roles."""
    name = role(part)
    with _connected(name, os.environ.get(f"{name.upper()}_PASSWORD", "")) as other:
        yield other


@contextmanager
def administrator() -> Iterator[BaseDatabaseWrapper]:
    """Open another connection as the administrator, who made the database."""
    with _connected(_administrator["USER"], _administrator["PASSWORD"]) as other:
        yield other


@contextmanager
def _connected(user: str, password: str) -> Iterator[BaseDatabaseWrapper]:
    other = connection.copy()
    other.settings_dict.update(USER=user, PASSWORD=password)
    try:
        yield other
    finally:
        other.close()


def kept() -> dict[str, bytes]:
    """Return all that stands in the database now, table by table."""
    content = {}
    with administrator() as other, other.cursor() as cursor:
        for table in sorted(_filled(other, cursor)):
            with cursor.copy(f"COPY {other.ops.quote_name(table)} TO STDOUT") as rows:
                content[table] = b"".join(rows)
    return content


def restore(content: Mapping[str, bytes]) -> None:
    """Write into an empty database what once stood there; its sequences have gone on."""
    with administrator() as other, other.cursor() as cursor:
        guards = _guards(cursor, list(content))
        # One transaction: foreign keys are checked at its end, when every table is filled.
        other.set_autocommit(False)
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        for table, written in content.items():
            with cursor.copy(f"COPY {other.ops.quote_name(table)} FROM STDIN") as rows:
                rows.write(written)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in guards:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
        other.commit()


def _guards(cursor: Any, tables: list[str]) -> list[tuple[str, str]]:
    """Return the triggers that forbid changes, with their tables."""
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE tgenabled = 'A' AND tgrelid::regclass::text = ANY(%s)",
        [tables],
    )
    return list(cursor.fetchall())


def _filled(other: BaseDatabaseWrapper, cursor: Any) -> list[str]:
    tables = [name for name in other.introspection.table_names(cursor) if name not in KEPT]
    present = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {other.ops.quote_name(table)})"
        for table in tables
    )
    cursor.execute(present)
    return [name for (name,) in cursor.fetchall()]


def empty() -> None:
    """Empty what a transactional test wrote, with the triggers that forbid it off meanwhile."""
    with administrator() as other, other.cursor() as cursor:
        filled = _filled(other, cursor)
        guards = _guards(cursor, filled)
        # One transaction: foreign keys are checked at its end, when every table is empty.
        statements = [
            *(f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in guards),
            *(f"DELETE FROM {other.ops.quote_name(table)}" for table in filled),
            "SET CONSTRAINTS ALL IMMEDIATE",
            *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for table, name in guards),
        ]
        other.set_autocommit(False)
        for statement in statements:
            cursor.execute(statement)
        other.commit()
