"""The ledger held against its heads, and every event against its entry, in flat memory."""

from __future__ import annotations

import multiprocessing
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor

from audit import canonical
from audit.ledger.encoding import LEAF
from audit.verifier import LEAF as LEAF_MARK
from audit.verifier import TILE, Bad, Entry, Fault, Frontier, Head, Key, Walk, mark_text

CHUNK = 4096
AHEAD = 4
COLUMNS = f"""
SELECT l.number, pg_catalog.uuid_send(l.event_id), l.hash, l.mark, l.content, {LEAF}
FROM audit_leaf l LEFT JOIN audit_event e ON e.id = l.event_id
WHERE l.number >= %s AND l.number < %s ORDER BY l.number
"""  # noqa: S608 - made of constants
LEAVES = """
SELECT number, pg_catalog.uuid_send(event_id), hash, mark, content FROM audit_leaf
WHERE number >= %s AND number < %s ORDER BY number
"""
GONE = "SELECT NOT EXISTS (SELECT FROM audit_event WHERE id = %s)"
NOTES = "SELECT note FROM audit_checkpoint WHERE size > %s AND size <= %s ORDER BY number"
SIZE = "SELECT coalesce(max(size), 0), count(*), coalesce(max(number), 0) FROM audit_checkpoint"


class EventFault(Enum):
    """What can be wrong with the events that entries tell of: exit code and sentence."""

    EVENT = 30, "an event is not what its entry says"
    EVENT_MISSING = 31, "the event of an entry is gone"
    EVENT_ADDED = 32, "an event is in no entry and does not wait for one"
    STATE_ADDED = 33, "a state of a row belongs to no event"
    MARK = 34, "the mark of an entry is not the sealer's"
    STAMP = 35, "a time stamp is not that of the authority over its head"
    NODE = 36, "a stored part of the tree, of which proofs are made, is not the right one"
    PLACE = 37, "a table of the trail is not the one plain table that it has to be"


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
        # One of a form that no sealer knows would wait for ever.
        " AND (e.format <> 1"
        " OR NOT EXISTS (SELECT FROM audit_pending p WHERE p.event_id = e.id))"
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
    (
        # What pages show of a head stands in columns beside the note that is signed.
        Fault.HEADS,
        "SELECT size, NULL FROM audit_checkpoint"
        " WHERE pg_catalog.split_part(note, E'\\n', 2) <> size::text"
        " OR substr(pg_catalog.split_part(note, E'\\n', 4), 6)::timestamptz <> issued_at"
        " ORDER BY number LIMIT 1",
    ),
)
NODES = (
    "SELECT hash FROM audit_node WHERE level = %s AND number >= %s AND number < %s ORDER BY number"
)
TABLES = (
    "audit_event", "audit_state", "audit_pending", "audit_leaf", "audit_node", "audit_checkpoint",
)  # fmt: skip
# A view, a rule or a second table of the same name could answer for the one that pages read.
PLACES = """
SELECT t.name FROM pg_catalog.unnest(%s::text[]) AS t(name)
LEFT JOIN pg_catalog.pg_class c ON c.relname = t.name AND c.relkind <> 'i'
GROUP BY t.name
HAVING count(*) <> 1
    OR bool_or(c.relkind NOT IN ('r', 'p') OR c.relrowsecurity OR c.relhasrules) IS NOT FALSE
ORDER BY 1 LIMIT 1
"""


Wrong = tuple[Enum, str, int]


class Part(NamedTuple):
    """Entries as far as they are right in themselves, and what is wrong with the next one."""

    entries: list[Entry]
    wrong: Wrong | None


# A part on its way between processes: numbers, then ids, hashes and marks, each in one piece.
Packed = tuple["array[int]", list[bytes], Wrong | None]
MARK_BYTES = 64
WIDTHS = (16, 32, MARK_BYTES)


@dataclass(frozen=True)
class Check:
    """One check of the whole ledger."""

    key: Key
    known: Sequence[Head] = ()
    with_columns: bool = True
    with_marks: bool = False
    processes: int = 1
    connection: BaseDatabaseWrapper = field(default_factory=lambda: connections["default"])

    def run(self, progress: Callable[[int], object] = lambda entries: None) -> Head:
        """Check everything and return the newest head; raise Bad at the first thing that is wrong."""
        for (table,) in self._rows(PLACES, [list(TABLES)]):
            raise Bad(EventFault.PLACE, str(table))
        ((size, heads, last),) = self._rows(SIZE)
        if heads != last:
            raise Bad(Fault.HEADS, f"of {last} heads {heads} are there")
        walk = Walk(self.key, self.known)
        self._take(walk, Part([], None), -1, 0)
        for start, part in self._parts(size):
            self._take(walk, part, start, min(size, start + CHUNK))
            progress(len(part.entries))
        newest = walk.finish()
        self._hold_nodes(walk.tree)
        for fault, statement in STRAYS if self.with_columns else STRAYS[:1]:
            for number, event_id in self._rows(statement):
                where = f"event {event_id}" if number is None else f"from entry {number}"
                raise Bad(fault, where, number)
        return newest

    def _hold_nodes(self, tree: Frontier) -> None:
        """Hold the stored roots of subtrees against the tree: a level's frontier is the tree's."""
        level, wanted = 1, tree.size // TILE
        while wanted:
            over = Frontier()
            for start in range(0, wanted, CHUNK):
                end = min(wanted, start + CHUNK)
                over.extend([bytes(one) for (one,) in self._rows(NODES, [level, start, end])])
            if over.size != wanted or over.peaks != tree.peaks[: len(over.peaks)]:
                raise Bad(EventFault.NODE, f"level {level}")
            level, wanted = level + 1, wanted // TILE

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
        marks_of = self.key if self.with_marks else None
        if self.processes == 1:
            for start in starts:
                end = min(size, start + CHUNK)
                yield start, read(self.connection, start, end, self.with_columns, marks_of)
            return
        # Forked, for a fresh interpreter starts longer than it works; each child connects by itself.
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(self.processes, context, _prepare) as pool:
            waiting: deque[tuple[int, Future[Packed]]] = deque()
            for start in starts:
                end = min(size, start + CHUNK)
                waiting.append((start, pool.submit(_read, start, end, self.with_columns, marks_of)))
                if len(waiting) > AHEAD:
                    first, part = waiting.popleft()
                    yield first, _unpacked(*part.result())
            for first, part in waiting:
                yield first, _unpacked(*part.result())

    def _rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _size(note: str) -> int:
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdecimal() else 0


def _prepare() -> None:
    # The parent's connection stays the parent's: it is let go of, not closed.
    connection.connection = None
    connection.connect()


def _read(start: int, end: int, with_columns: bool, marks_of: Key | None) -> Packed:
    part = read(connection, start, end, with_columns, marks_of)
    numbers, *columns = zip(*part.entries, strict=True) if part.entries else [()] * 4
    return array("q", numbers), [b"".join(column) for column in columns], part.wrong


def _unpacked(numbers: array[int], columns: list[bytes], wrong: Wrong | None) -> Part:
    pieces = [
        [column[at : at + width] for at in range(0, len(column), width)]
        for column, width in zip(columns, WIDTHS, strict=True)
    ]
    return Part(list(zip(numbers, *pieces, strict=True)), wrong)


def read(conn: Any, start: int, end: int, with_columns: bool, marks_of: Key | None = None) -> Part:
    """Return some entries, each held against its own hash, with columns its event, with a key its mark."""
    conn.ensure_connection()
    with Cursor(conn.connection) as cursor:
        cursor.execute(COLUMNS if with_columns else LEAVES, [start, end], binary=True)
        rows = cursor.fetchall()
        if not rows:
            return Part([], None)
        # Column by column: a loop over rows would take longer than all the hashing.
        numbers, event_ids, hashes, marks, contents, *rebuilt = zip(*rows, strict=True)
        found = [sha256(LEAF_MARK + content).digest() for content in contents]
        named = [content[26:42] for content in contents]
        entries = list(zip(numbers, event_ids, found, marks, strict=True))
        is_right = found == list(hashes) and named == list(event_ids)
        is_right = is_right and set(map(len, marks)) == {MARK_BYTES}
        if is_right and rebuilt in ([], [contents]) and marks_of is None:
            return Part(entries, None)
        for at, row in enumerate(rows):
            wrong = _wrong(row, found[at], cursor) or _unmarked(entries[at], marks_of)
            if wrong:
                return Part(entries[:at], wrong)
        return Part(entries, None)


def _unmarked(entry: Entry, key: Key | None) -> Wrong | None:
    number, event_id, digest, mark = entry
    is_signed = key is None or key.verifies(bytes(mark), mark_text(key.origin, number, digest))
    if is_signed and len(mark) == MARK_BYTES:
        return None
    return EventFault.MARK, f"entry {number}, event {UUID(bytes=bytes(event_id))}", number


def _wrong(row: Any, found: bytes, cursor: Any) -> Wrong | None:
    number, event_id, digest, _mark, content, *rebuilt = row
    where = f"entry {number}, event {UUID(bytes=event_id)}"
    if found != digest or content[26:42] != event_id:
        return Fault.ENTRY, where, number
    if not rebuilt or rebuilt[0] == content:
        return None
    if cursor.execute(GONE, [UUID(bytes=event_id)]).fetchone()[0]:
        return EventFault.EVENT_MISSING, where, number
    changed = canonical.differing(content, rebuilt[0] or b"")
    return EventFault.EVENT, f"{where}, {', '.join(changed) or 'its form'}", number
