"""Sealing: pending events become entries under a signed head; no writer ever waits for it.

Events are taken as they are committed: what a long transaction commits late is sealed late, in its turn, and
an open transaction elsewhere holds nothing up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from audit.ledger import memory as memories
from audit.ledger.encoding import LEAF
from audit.ledger.keys import SealerKey
from audit.ledger.memory import Memory
from audit.ledger.urgency import NOUNS
from audit.verifier import TILE, Frontier, Head, leaf_hash, tile_root

# What is sealed at the latest so long after it was recorded, or so many at once; urgent events do not wait.
PATIENCE = timedelta(seconds=20)
CROWD = 100
BATCH = 5000
# Without new events a head is signed as often, so that its silence shows.
IDLE = timedelta(minutes=10)

WAITING = """
FROM audit_pending p JOIN audit_event e ON e.id = p.event_id
WHERE e.format = 1 AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = p.event_id)
"""
DUE = f"""
SELECT count(*), bool_or(recorded_at <= %s OR split_part(action, '.', 2) = ANY(%s))
FROM (SELECT e.recorded_at, e.action {WAITING} LIMIT %s) waiting
"""  # noqa: S608 - made of constants
TAKE = f"SELECT p.event_id, {LEAF} {WAITING} ORDER BY p.event_id LIMIT %s"
ENTRIES = """
INSERT INTO audit_leaf (number, event_id, content, hash, mark)
SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[])
"""
NODES = """
INSERT INTO audit_node (level, number, hash) SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bytea[])
"""
NEWEST = "SELECT number, size, note FROM audit_checkpoint ORDER BY number DESC LIMIT 1"
HASHES = "SELECT hash FROM audit_leaf WHERE number >= %s AND number < %s ORDER BY number"
BELOW = (
    "SELECT hash FROM audit_node WHERE level = %s AND number >= %s AND number < %s ORDER BY number"
)
HEAD = "INSERT INTO audit_checkpoint (number, size, issued_at, note) VALUES (%s, %s, %s, %s)"


class RolledBack(Exception):
    """The database does not hold what was signed: nothing more is signed until somebody looked."""


@dataclass
class Sealer:
    """One sealer of one database: its key, its memory, its anchor file."""

    connection: BaseDatabaseWrapper
    key: SealerKey
    memory_path: Path
    anchor_path: Path | None = None
    memory: Memory | None = None
    anchor_failure: str = ""

    @property
    def number(self) -> int:
        """Return the number of the newest head."""
        return self._awake().number

    def wake(self, *, adopt: bool = False) -> None:
        """Remember what was signed and hold the database against it; raise RolledBack if it differs.

        `adopt` takes the database's own newest head for what was signed: after a restore, by hand.
        """
        number, size, note = self._stored()
        memory = Memory() if adopt else memories.read(self.memory_path)
        if memory is None:
            if number:
                raise RolledBack("heads were signed, and this sealer remembers none of them")
            memory = Memory()
        if number > memory.number:
            # Adopted, or ended between its commit and writing down what it had signed.
            self._catch_up(memory.tree, size)
            memory = Memory(memory.tree, note, number)
        self._compare(memory)
        if memory.number:
            head = Head.open(memory.note, self.key.public)
            if (head.size, head.root) != (memory.tree.size, memory.tree.root()):
                raise RolledBack(f"the entries are not those of head {memory.number}")
        self.memory = memory
        if memory.number:
            memories.write(self.memory_path, memory)

    def is_due(self, now: datetime) -> bool:
        """Tell whether there is something to seal, or a head to sign, now."""
        with self.connection.cursor() as cursor:
            cursor.execute(DUE, [now - PATIENCE, list(NOUNS), CROWD])
            waiting, is_urgent = cursor.fetchone()
        if waiting:
            return bool(is_urgent) or waiting >= CROWD
        last = self._awake()
        return not last.number or self._head(last).issued_at <= now - IDLE

    def seal(self) -> int:
        """Seal what waits, at most one batch, and sign the head over it; return how many entries it made."""
        before = self._awake()
        with all_or_nothing(self.connection), self.connection.cursor() as cursor:
            self._compare(before)
            cursor.execute(TAKE, [BATCH])
            waiting = [(event_id, bytes(content)) for event_id, content in cursor.fetchall()]
            after = self._signed(before, waiting, cursor)
        self.memory = after
        memories.write(self.memory_path, after)
        self._anchor(after.note)
        return len(waiting)

    def _anchor(self, note: str) -> None:
        if self.anchor_path is None:
            return
        self.anchor_failure = ""
        try:
            memories.append(self.anchor_path, note)
        except OSError as error:
            # The next head covers what this one does; a full disk elsewhere stops no sealing.
            self.anchor_failure = type(error).__name__

    def _signed(self, before: Memory, waiting: list[tuple[UUID, bytes]], cursor: Any) -> Memory:
        start = before.tree.size
        hashes = [leaf_hash(content) for _, content in waiting]
        tree = Frontier(start, list(before.tree.peaks))
        tree.extend(hashes)
        if waiting:
            events = [event_id for event_id, _ in waiting]
            numbers = range(start, tree.size)
            marks = [self.key.sign_entry(*one) for one in zip(numbers, hashes, strict=True)]
            contents = [content for _, content in waiting]
            cursor.execute(ENTRIES, [list(numbers), events, contents, hashes, marks])
            cursor.execute("DELETE FROM audit_pending WHERE event_id = ANY(%s)", [events])
            _add_nodes(start, tree.size, cursor)
        now = datetime.now(UTC)
        if before.number:
            # A clock that was set back must not make heads that seem to be older than others.
            now = max(now, self._head(before).issued_at)
        note = self.key.sign_head(tree.size, tree.root(), now)
        cursor.execute(HEAD, [before.number + 1, tree.size, now, note])
        return Memory(tree, note, before.number + 1)

    def _awake(self) -> Memory:
        if self.memory is None:
            raise RolledBack("the sealer was not woken")
        return self.memory

    def _head(self, memory: Memory) -> Head:
        return Head.open(memory.note, self.key.public)

    def _stored(self) -> tuple[int, int, str]:
        with self.connection.cursor() as cursor:
            cursor.execute(NEWEST)
            return cursor.fetchone() or (0, 0, "")

    def _compare(self, memory: Memory) -> None:
        number, _, note = self._stored()
        if (number, note) != (memory.number, memory.note):
            raise RolledBack(f"head {memory.number} was signed, the database ends with {number}")
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(number) + 1, 0) FROM audit_leaf")
            (size,) = cursor.fetchone()
        if size != memory.tree.size:
            raise RolledBack(f"{memory.tree.size} entries were signed, the database has {size}")

    def _catch_up(self, tree: Frontier, size: int) -> None:
        while tree.size < size:
            with self.connection.cursor() as cursor:
                cursor.execute(HASHES, [tree.size, min(size, tree.size + BATCH)])
                hashes = [bytes(digest) for (digest,) in cursor.fetchall()]
            if not hashes:
                raise RolledBack(f"entries from {tree.size} on are gone")
            tree.extend(hashes)


def _add_nodes(start: int, end: int, cursor: Any) -> None:
    """Store the roots of the tiles that became whole, of each level."""
    level, first, last = 1, start // TILE, end // TILE
    while first < last:
        if level == 1:
            cursor.execute(HASHES, [first * TILE, last * TILE])
        else:
            cursor.execute(BELOW, [level - 1, first * TILE, last * TILE])
        below = [bytes(digest) for (digest,) in cursor.fetchall()]
        roots = [tile_root(below[at : at + TILE]) for at in range(0, len(below), TILE)]
        numbers = list(range(first, last))
        cursor.execute(NODES, [[level] * len(numbers), numbers, roots])
        level, first, last = level + 1, first // TILE, last // TILE


@contextmanager
def all_or_nothing(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Commit what happens inside, or none of it; inside a transaction it is a part of that one."""
    if not connection.get_autocommit():
        mark = str(connection.savepoint())
        try:
            yield
        except BaseException:
            connection.savepoint_rollback(mark)
            raise
        connection.savepoint_commit(mark)
        return
    connection.set_autocommit(False)
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.set_autocommit(True)
