"""The ledger held against its heads, and every event against its entry, in flat memory."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import django
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor

from audit import canonical
from audit.ledger.encoding import LEAF
from audit.verifier import Bad, Entry, Fault, Head, Key, Walk, leaf_hash

CHUNK = 4096
AHEAD = 4
COLUMNS = f"""
SELECT l.number, l.event_id, l.hash, l.mark, l.content, {LEAF}, e.id IS NULL
FROM audit_leaf l LEFT JOIN audit_event e ON e.id = l.event_id
WHERE l.number >= %s AND l.number < %s ORDER BY l.number
"""  # noqa: S608 - made of constants
LEAVES = """
SELECT number, event_id, hash, mark, content, content, false FROM audit_leaf
WHERE number >= %s AND number < %s ORDER BY number
"""
NOTES = "SELECT note FROM audit_checkpoint WHERE size > %s AND size <= %s ORDER BY number"
SIZE = "SELECT coalesce(max(size), 0), count(*), coalesce(max(number), 0) FROM audit_checkpoint"


class EventFault(Enum):
    """What can be wrong with the events that entries tell of: exit code and sentence."""

    EVENT = 30, "an event is not what its entry says"
    EVENT_MISSING = 31, "the event of an entry is gone"
    EVENT_ADDED = 32, "an event is in no entry and does not wait for one"
    STATE_ADDED = 33, "a state of a row belongs to no event"


# What may not exist: each finds the first one, in one statement, so that a sealer at work disturbs nothing.
STRAYS: tuple[tuple[Enum, str], ...] = (
    (
        Fault.BEYOND,
        "SELECT number, event_id FROM audit_leaf"
        " WHERE number >= (SELECT coalesce(max(size), 0) FROM audit_checkpoint)"
        " ORDER BY number LIMIT 1",
    ),
    (
        EventFault.EVENT_ADDED,
        "SELECT NULL, id FROM audit_event e"
        " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id)"
        " AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.event_id = e.id)"
        " ORDER BY id LIMIT 1",
    ),
    (
        EventFault.EVENT_MISSING,
        "SELECT NULL, event_id FROM audit_pending p"
        " WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = p.event_id) LIMIT 1",
    ),
    (
        EventFault.STATE_ADDED,
        "SELECT NULL, event_id FROM audit_state s"
        " WHERE NOT EXISTS (SELECT FROM audit_event e WHERE e.id = s.event_id) LIMIT 1",
    ),
)


class Part(NamedTuple):
    """Entries as far as they are right in themselves, and what is wrong with the next one."""

    entries: list[Entry]
    wrong: tuple[Enum, str, int] | None


@dataclass(frozen=True)
class Check:
    """One check of the whole ledger."""

    key: Key
    known: Sequence[Head] = ()
    with_columns: bool = True
    processes: int = 1
    connection: BaseDatabaseWrapper = field(default_factory=lambda: connections["default"])

    def run(self, progress: Callable[[int], object] = lambda entries: None) -> Head:
        """Check everything and return the newest head; raise Bad at the first thing that is wrong."""
        ((size, heads, last),) = self._rows(SIZE)
        if heads != last:
            raise Bad(Fault.HEADS, f"of {last} heads {heads} are there")
        walk = Walk(self.key, self.known)
        self._take(walk, Part([], None), -1, 0)
        for start, part in self._parts(size):
            self._take(walk, part, start, min(size, start + CHUNK))
            progress(len(part.entries))
        newest = walk.finish()
        for fault, statement in STRAYS if self.with_columns else STRAYS[:1]:
            for number, event_id in self._rows(statement):
                where = f"event {event_id}" if number is None else f"from entry {number}"
                raise Bad(fault, where, number)
        return newest

    def _take(self, walk: Walk, part: Part, start: int, end: int) -> None:
        notes = [note for (note,) in self._rows(NOTES, [start, end])]
        if (part.wrong is None and start + len(part.entries) == end) or start < 0:
            walk.take(part.entries, notes)
            return
        # Whatever is wrong before this entry is to be told first.
        reached = walk.tree.size + len(part.entries)
        walk.take(part.entries, [note for note in notes if _size(note) <= reached])
        raise Bad(*(part.wrong or (Fault.MISSING, f"entry {walk.tree.size}", walk.tree.size)))

    def _parts(self, size: int) -> Iterator[tuple[int, Part]]:
        starts = range(0, size, CHUNK)
        if self.processes == 1:
            for start in starts:
                end = min(size, start + CHUNK)
                yield start, read(self.connection, start, end, self.with_columns)
            return
        settings = {
            name: self.connection.settings_dict[name]
            for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")
        }
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.processes, context, _prepare, (settings,)) as pool:
            waiting: deque[tuple[int, Future[Part]]] = deque()
            for start in starts:
                end = min(size, start + CHUNK)
                waiting.append((start, pool.submit(_read, start, end, self.with_columns)))
                if len(waiting) > AHEAD:
                    first, part = waiting.popleft()
                    yield first, part.result()
            for first, part in waiting:
                yield first, part.result()

    def _rows(self, statement: str, parameters: Sequence[int] = ()) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _size(note: str) -> int:
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdecimal() else 0


def _prepare(settings: dict[str, Any]) -> None:
    django.setup()
    connection.settings_dict.update(settings)


def _read(start: int, end: int, with_columns: bool) -> Part:
    return read(connection, start, end, with_columns)


def read(conn: Any, start: int, end: int, with_columns: bool) -> Part:
    """Return some entries, each held against its own hash and, with columns, its event."""
    conn.ensure_connection()
    with Cursor(conn.connection) as cursor:
        cursor.execute(COLUMNS if with_columns else LEAVES, [start, end], binary=True)
        rows = cursor.fetchall()
    entries: list[Entry] = []
    for number, event_id, digest, mark, content, rebuilt, is_gone in rows:
        found = leaf_hash(content)
        if found != digest or content != rebuilt or content[26:42] != event_id.bytes:
            return Part(
                entries, _wrong(number, event_id, content, rebuilt, is_gone, found == digest)
            )
        entries.append((number, event_id, digest, mark))
    return Part(entries, None)


def _wrong(
    number: int,
    event_id: Any,
    content: bytes,
    rebuilt: bytes | None,
    is_gone: bool,
    is_hashed: bool,
) -> tuple[Enum, str, int]:
    where = f"entry {number}, event {event_id}"
    if not is_hashed or content[26:42] != event_id.bytes:
        return Fault.ENTRY, where, number
    if is_gone:
        return EventFault.EVENT_MISSING, where, number
    changed = canonical.differing(content, rebuilt or b"")
    return EventFault.EVENT, f"{where}, {', '.join(changed) or 'its form'}", number
