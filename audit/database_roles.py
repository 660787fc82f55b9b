"""The roles of the database: who may do what to which table.

    owner      owns every table and migrates; nobody else alters one
    app        web, worker and beat: reads and writes, but of the trail and the journal only appends
    sealer     reads events and states, takes pending rows away, adds leaves and signed heads
    backup     reads everything, for pg_dump
    reporting  reads tables whose every column is declared plain and of level 2 or lower

Safe to run again after each migration, and in parallel against several databases of one cluster.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, models, transaction

OWNER, APP, SEALER, BACKUP, REPORTING = ROLES = ("owner", "app", "sealer", "backup", "reporting")
PREFIX = "custodia"
PREFIX_FORM = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
# Roles belong to the cluster and advisory locks to one database: this one is taken in `postgres`.
CLUSTER_LOCK = 0x_CD_05_70_D1
REPORTING_LEVEL = 2
READ_ONLY = ("audit_checkpoint", "audit_leaf", "audit_node", "django_migrations")
APPEND_ONLY = ("audit_event", "audit_pending", "audit_stamp", "audit_state", "auditlog_logentry")
SEALED_BY_SEALER = {
    "audit_event": "SELECT",
    "audit_state": "SELECT",
    "audit_pending": "SELECT, DELETE",
    "audit_leaf": "SELECT, INSERT",
    "audit_node": "SELECT, INSERT",
    "audit_checkpoint": "SELECT, INSERT",
    "audit_anchor": "SELECT, INSERT, UPDATE",
    "audit_heartbeat": "SELECT, INSERT, UPDATE",
}


class RolesImpossible(Exception):
    """The connecting account can not make the roles as they must be."""


def apply(prefix: str, say: Callable[[str], object]) -> None:
    """Make the roles and give each of them what it may do, and nothing else."""
    if not PREFIX_FORM.match(prefix):
        raise RolesImpossible(f"{prefix!r} can not begin the name of a role")
    roles = {part: f"{prefix}_{part}" for part in ROLES}
    with _cluster_lock(), transaction.atomic():
        _refuse_own_roles(roles)
        for role in roles.values():
            _make(role, say)
        _become_member(roles[OWNER])
        _schema(roles)
        _own(roles[OWNER], say)
        _grant(roles, say)
        _default_privileges(roles)


@contextmanager
def _cluster_lock() -> Iterator[None]:
    with connection._nodb_cursor() as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s)", [CLUSTER_LOCK])
        yield
        elsewhere.execute("SELECT pg_advisory_unlock(%s)", [CLUSTER_LOCK])


def _run(sql: str, parameters: Sequence[str] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def _rows(sql: str, parameters: Sequence[str] | Mapping[str, str] = ()) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _refuse_own_roles(roles: dict[str, str]) -> None:
    ((me,),) = _rows("SELECT current_user")
    if me in roles.values():
        raise RolesImpossible(f"connect as an administrator of the database, not as {me}")


def _make(role: str, say: Callable[[str], object]) -> None:
    """Create a role or check that an existing one has no power of its own."""
    name = connection.ops.quote_name(role)
    found = _rows(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname = %s",
        [role],
    )
    if not found:
        _run(f"CREATE ROLE {name} LOGIN")
        say(f"role {role} made")
    elif found[0][0]:
        raise RolesImpossible(f"{role} has powers over the server; take them away first")
    for (parent,) in _rows(
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole", [name]
    ):
        raise RolesImpossible(f"{role} is a member of {parent}; take that away first")
    password = os.environ.get(f"{role.upper()}_PASSWORD", "")
    if password:
        # The verifier, never the password: statements may be logged by the server.
        verifier = connection.connection.pgconn.encrypt_password(
            password.encode(), role.encode(), b"scram-sha-256"
        )
        _run(f"ALTER ROLE {name} PASSWORD %s", [verifier.decode()])
        say(f"role {role} has the password of {role.upper()}_PASSWORD")


def _become_member(owner: str) -> None:
    """Let an administrator who is no superuser act for the owner: hand over tables, migrate."""
    has_role = (
        "SELECT rolsuper OR pg_has_role(%s, 'USAGE') FROM pg_roles WHERE rolname = current_user"
    )
    if not _rows(has_role, [owner])[0][0]:
        _run(f"GRANT {connection.ops.quote_name(owner)} TO CURRENT_USER")


def _schema(roles: dict[str, str]) -> None:
    quote = connection.ops.quote_name
    ((database, schema),) = _rows("SELECT current_database(), current_schema()")
    everyone = ", ".join(quote(role) for role in roles.values())
    _run(f"REVOKE ALL ON DATABASE {quote(database)} FROM PUBLIC")
    _run(f"GRANT CONNECT ON DATABASE {quote(database)} TO {everyone}")
    _run(f"REVOKE ALL ON SCHEMA {quote(schema)} FROM PUBLIC, {everyone}")
    _run(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {everyone}")
    _run(f"GRANT CREATE ON SCHEMA {quote(schema)} TO {quote(roles[OWNER])}")


def _own(owner: str, say: Callable[[str], object]) -> None:
    """Hand every table, view, free sequence and function of the schema to the owner."""
    found = _rows(
        """
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
                   WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::regclass::text
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace
          AND c.relkind IN ('r', 'p', 'S', 'v', 'm') AND c.relowner <> %(owner)s::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                          AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
        UNION ALL
        SELECT 'ROUTINE', p.oid::regprocedure::text
        FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proowner <> %(owner)s::regrole
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                          AND d.objid = p.oid AND d.deptype = 'e')
        """,
        {"owner": connection.ops.quote_name(owner)},
    )
    for kind, name in found:
        _run(f"ALTER {kind} {name} OWNER TO {connection.ops.quote_name(owner)}")
    if found:
        say(f"{len(found)} tables and functions now belong to {owner}")


def _grant(roles: dict[str, str], say: Callable[[str], object]) -> None:
    quote = connection.ops.quote_name
    ((schema,),) = _rows("SELECT current_schema()")
    app, sealer, backup, reporting = (quote(roles[part]) for part in ROLES[1:])
    tables, sequences = (
        f"ALL TABLES IN SCHEMA {quote(schema)}",
        f"ALL SEQUENCES IN SCHEMA {quote(schema)}",
    )
    for everything in (tables, sequences):
        _run(f"REVOKE ALL ON {everything} FROM PUBLIC, {app}, {sealer}, {backup}, {reporting}")
    _run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {app}")
    _run(f"GRANT USAGE, SELECT ON {sequences} TO {app}")
    _run(f"GRANT SELECT ON {tables} TO {backup}")
    _run(f"GRANT SELECT ON {sequences} TO {backup}")
    present = set(connection.introspection.table_names())
    for table in present.intersection(APPEND_ONLY):
        _run(f"REVOKE UPDATE, DELETE ON {quote(table)} FROM {app}")
    for table in present.intersection(READ_ONLY):
        _run(f"REVOKE INSERT, UPDATE, DELETE ON {quote(table)} FROM {app}")
    for table, rights in SEALED_BY_SEALER.items():
        if table in present:
            _run(f"GRANT {rights} ON {quote(table)} TO {sealer}")
    readable = sorted(present.intersection(reporting_tables()))
    for table in readable:
        _run(f"GRANT SELECT ON {quote(table)} TO {reporting}")
    appended = ", ".join(sorted(present.intersection(APPEND_ONLY)))
    say(f"{roles[APP]}: reads and writes {len(present)} tables, appends only to {appended}")
    say(f"{roles[SEALER]}: reads the trail, takes pending rows, adds to the ledger")
    say(f"{roles[BACKUP]}: reads everything")
    say(f"{roles[REPORTING]}: reads {', '.join(readable) or 'nothing yet'}")


def _default_privileges(roles: dict[str, str]) -> None:
    """Give tables of later migrations to app and backup, whoever of the two migrates.

    The app may not yet change rows of such a table: it could be one of the trail. The next run of
    this command knows, and adds what is missing.
    """
    quote = connection.ops.quote_name
    ((schema,),) = _rows("SELECT current_schema()")
    for maker in (quote(roles[OWNER]), "CURRENT_USER"):
        defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {maker} IN SCHEMA {quote(schema)}"
        start = f"{defaults} GRANT"
        _run(f"{defaults} REVOKE ALL ON TABLES FROM {quote(roles[APP])}")
        _run(f"{start} SELECT, INSERT ON TABLES TO {quote(roles[APP])}")
        _run(f"{start} USAGE, SELECT ON SEQUENCES TO {quote(roles[APP])}")
        _run(f"{start} SELECT ON TABLES TO {quote(roles[BACKUP])}")
        _run(f"{start} SELECT ON SEQUENCES TO {quote(roles[BACKUP])}")


def reporting_tables() -> set[str]:
    """Return the tables in which every column is declared plain, of a low level, and no bytes."""
    return {model._meta.db_table for model in apps.get_models() if _is_plain(model)}


def _is_plain(model: type[models.Model]) -> bool:
    levels: dict[str, int] = {}
    for ancestor in reversed(model.__mro__):
        declared = getattr(ancestor.__dict__.get("Privacy"), "plain", {})
        levels.update({name: plain.level for name, plain in declared.items()})
    return bool(levels) and all(
        levels.get(field.name, 5) <= REPORTING_LEVEL and not isinstance(field, models.BinaryField)
        for field in model._meta.concrete_fields
    )
