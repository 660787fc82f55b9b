"""Dumps by PostgreSQL's own programs, always through pipes: nothing of them is written by anybody else."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess  # nosec B404
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from security.backups.faults import BackupFailed, Fault, RestoreRefused
from security.models import DataKey
from security.sealing.index import SearchIndex

log = logging.getLogger(__name__)

LOCK = 0x_CD_05_70_B1
PIECE = 256 * 1024
KEYS = DataKey._meta.db_table
# Nobody stays signed in through a restore.
PASSING = ("django_session", "security_throttle")


class Busy(Exception):
    """Another backup of this database is being made."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of the database, the same for every dump and count."""

    connection: BaseDatabaseWrapper
    name: str
    server: int

    def rows(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Return what a query answers as of that moment."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())


def index_tables() -> list[str]:
    """Return the tables that are rebuilt at a restore instead of being dumped."""
    return sorted(m._meta.db_table for m in apps.get_models() if issubclass(m, SearchIndex))


def left_out() -> list[str]:
    """Return the tables whose rows are not in the dump of the records."""
    return sorted((*index_tables(), *PASSING, KEYS))


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Hold one moment of the database and the only backup of it; raise Busy or BackupFailed."""
    other = connection.copy()
    if settings.BACKUP_DATABASE:
        other.settings_dict.update(settings.BACKUP_DATABASE)
    try:
        try:
            name, server = _begin(other)
        except DatabaseError as error:
            raise BackupFailed(Fault.NO_DATABASE, type(error).__name__) from None
        yield Snapshot(other, name, server)
    finally:
        _release(other)


def _release(other: BaseDatabaseWrapper) -> None:
    """Give the lock back before the connection ends: the server notices a closed one only later."""
    try:
        if other.connection is not None:
            other.rollback()
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
    except DatabaseError:
        log.warning("the connection of a backup was lost before its end")
    finally:
        other.close()


def _begin(other: BaseDatabaseWrapper) -> tuple[str, int]:
    other.ensure_connection()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version_num')::int")
        name, version = cursor.fetchone()
    return str(name), int(version) // 10000


def counts(moment: Snapshot) -> dict[str, int]:
    """Return how many rows each table of ours holds."""
    tables = [
        name
        for (name,) in moment.rows(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"
        )
    ]
    quote = moment.connection.ops.quote_name
    union = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM {quote(t)}" for t in tables)  # noqa: S608
    return dict(moment.rows(union)) if tables else {}


def moved_keys(moment: Snapshot) -> dict[str, str]:
    """Return for whom each key opens that was made for another record."""
    rows = moment.rows(f"SELECT id, subject_id FROM {KEYS} WHERE subject_id <> created_for")  # noqa: S608
    return {str(key): str(subject) for key, subject in rows}


def program(name: str, server: int) -> Path:
    """Return PostgreSQL's program of the server's version, or a newer one; raise BackupFailed."""
    named = [Path(settings.PG_PROGRAMS)] if settings.PG_PROGRAMS else []
    places = named or [
        *map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep)),
        Path(f"/usr/lib/postgresql/{server}/bin"),
    ]
    found = {
        place: version
        for place in dict.fromkeys(places)
        if (version := _version(place / name)) is not None and version >= server
    }
    if not found:
        raise BackupFailed(Fault.NO_PROGRAM, f"{name} {server}")
    return min(found, key=lambda place: found[place]) / name


def _version(path: Path) -> int | None:
    if shutil.which(path.name, path=str(path.parent)) is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(  # nosec B603  # noqa: S603 - PostgreSQL's own, no shell
            [path, "--version"], capture_output=True, text=True, check=True, timeout=10
        )
        if number := re.search(r"\) (\d+)", said.stdout):
            return int(number[1])
    return None


def records(moment: Snapshot) -> Iterator[bytes]:
    """Yield the dump of every table, without the rows of those that are left out."""
    options = [f"--exclude-table-data={table}" for table in left_out()]
    yield from _dumped(moment, options)


def keys(moment: Snapshot) -> Iterator[bytes]:
    """Yield the dump of the wrapped data keys alone."""
    yield from _dumped(moment, ["--data-only", f"--table={KEYS}"])


def _dumped(moment: Snapshot, options: Sequence[str]) -> Iterator[bytes]:
    path = program("pg_dump", moment.server)
    where, secrets = _place(moment.connection)
    command = [str(path), where, "--no-password", "--format=custom", "--compress=1",
               "--lock-wait-timeout=60000", f"--snapshot={moment.name}", *options]  # fmt: skip
    with _words() as words:
        process = subprocess.Popen(  # nosec B603  # noqa: S603 - as above
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, env=secrets
        )
        try:
            with cast(IO[bytes], process.stdout) as pipe:
                while part := pipe.read(PIECE):
                    yield part
            if process.wait():
                raise BackupFailed(Fault.DUMP, _last_words(words))
        finally:
            _end(process)


def restore(*, parts: Callable[[IO[bytes]], object], options: Sequence[str] = ()) -> None:
    """Give a dump to pg_restore, in one transaction; `parts` writes it into a pipe."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (server,) = cursor.fetchone()
    try:
        path = program("pg_restore", server)
    except BackupFailed:
        raise RestoreRefused(f"pg_restore of version {server} was not found") from None
    where, secrets = _place(connection)
    command = [str(path), where, "--no-password", "--no-owner",
               "--no-privileges", "--exit-on-error", "--single-transaction", *options]  # fmt: skip
    with _words() as words:
        process = subprocess.Popen(  # nosec B603  # noqa: S603 - as above
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words, env=secrets
        )
        try:
            try:
                with cast(IO[bytes], process.stdin) as pipe:
                    parts(pipe)
            except BrokenPipeError:
                process.wait()
            if process.wait():
                raise RestoreRefused(f"pg_restore stopped: {_last_words(words)}")
        finally:
            _end(process)


def _place(database: BaseDatabaseWrapper) -> tuple[str, dict[str, str]]:
    """Return the words that name a database to PostgreSQL's programs; a password goes by the environment."""
    database.ensure_connection()
    info = database.connection.info
    secrets = {"PGPASSWORD": info.password} if info.password else {}
    return f"--dbname={info.dsn}", {**os.environ, **secrets}


@contextmanager
def _words() -> Iterator[int]:
    """Give a program somewhere in memory to complain to: a full pipe would stop it, a file could tell."""
    memory = getattr(os, "memfd_create", None)
    place = memory("words") if memory else os.open(os.devnull, os.O_RDWR)
    try:
        yield place
    finally:
        os.close(place)


def _last_words(words: int) -> str:
    with suppress(OSError):
        os.lseek(words, 0, os.SEEK_SET)
        said = os.read(words, 4096).decode(errors="replace").strip().splitlines()
        # What follows the first line may hold values.
        return said[0] if said else ""
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
