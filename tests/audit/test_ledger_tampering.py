"""Twelve ways in which a superuser tampers with the trail, triggers off: each is found and named.

The superuser has the keys of the web host; the sealer's key and a head that was anchored are out of reach.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.ledger import keys
from audit.ledger.checking import Check, EventFault
from audit.ledger.encoding import LEAF
from audit.ledger.sealing import RolledBack, Sealer
from audit.verifier import Bad, Fault, Head, leaf_hash
from tests.audit import ledger

pytestmark = pytest.mark.django_db
TABLES = (
    "audit_event",
    "audit_state",
    "audit_pending",
    "audit_leaf",
    "audit_node",
    "audit_checkpoint",
)


@dataclass
class Trail:
    """A sealed trail, and what somebody outside holds of it."""

    conn: BaseDatabaseWrapper
    folder: Path
    known: list[Head]
    size: int

    def run(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.conn.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    def check(self) -> Head:
        return Check(keys.trusted(self.folder / "public"), self.known, connection=self.conn).run()

    def event_of(self, number: int) -> Any:
        return self.run("SELECT event_id FROM audit_leaf WHERE number = %s", number)[0][0]


@pytest.fixture(scope="module")
def trail(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trail]:
    folder, chance = tmp_path_factory.mktemp("ledger"), random.Random(11)
    with django_db_blocker.unblock(), ledger.rolled_back() as conn:
        at_work = ledger.grow(conn, folder, chance, 5)
        made = Trail(conn, folder, [], 0)
        for table in TABLES:
            made.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            made.run(f"CREATE TEMPORARY TABLE yesterday_{table} AS TABLE {table}")
        ledger.grow(conn, folder, chance, 6)
        del at_work
        made.known = ledger.heads(folder)
        made.size = made.known[-1].size
        yield made


@pytest.fixture
def tampered(trail: Trail) -> Iterator[Trail]:
    before = {path: path.read_bytes() for path in trail.folder.iterdir()}
    trail.run("SAVEPOINT untouched")
    yield trail
    trail.run("ROLLBACK TO SAVEPOINT untouched")
    for path, content in before.items():
        path.write_bytes(content)


def edit(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    number = chance.randrange(trail.size)
    change = chance.choice(
        ("purpose = 'HPAYMT'", "subjects = subjects || request_id", "recorded_at = recorded_at - interval '1 microsecond'",
         "actor_id = request_id", "detail = detail || '\\x00'", "counts = '{\"rows\": 9}'")
    )  # fmt: skip
    trail.run(f"UPDATE audit_event SET {change} WHERE id = %s", trail.event_of(number))
    return {EventFault.EVENT}, number


def edit_and_recompute(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    _, number = edit(trail, chance)
    recompute(trail)
    return {Fault.ENTRY}, number


def recompute(trail: Trail) -> None:
    """Make the ledger say what the events say now, as well as it goes without the sealer's key."""
    rows = trail.run(
        f"SELECT l.number, {LEAF} FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
    )
    contents = [bytes(content) for _, content in rows]
    trail.run(
        "UPDATE audit_leaf l SET content = n.content, hash = n.hash"
        " FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) n(number, content, hash) WHERE l.number = n.number",
        [number for number, _ in rows], contents, [leaf_hash(content) for content in contents],
    )  # fmt: skip


def delete(trail: Trail, chance: random.Random, number: int) -> tuple[set[Any], int]:
    event_id = trail.event_of(number)
    trail.run("DELETE FROM audit_state WHERE event_id = %s", event_id)
    trail.run("DELETE FROM audit_event WHERE id = %s", event_id)
    if chance.random() < 0.3:
        return {EventFault.EVENT_MISSING}, number
    trail.run("DELETE FROM audit_leaf WHERE number = %s", number)
    if chance.random() < 0.5:
        shift(trail, number + 1, -1)
        return {Fault.ENTRY, Fault.MISSING}, number
    return {Fault.MISSING}, number


def shift(trail: Trail, start: int, by: int) -> None:
    """Give the entries from one on other numbers."""
    trail.run("UPDATE audit_leaf SET number = -number - 1 WHERE number >= %s", start)
    trail.run("UPDATE audit_leaf SET number = -number - 1 + %s WHERE number < 0", by)


def delete_first(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    return delete(trail, chance, 0)


def delete_middle(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    return delete(trail, chance, chance.randrange(1, trail.size - 1))


def delete_last(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    return delete(trail, chance, trail.size - 1)


def insert(trail: Trail, chance: random.Random) -> tuple[set[Any], int | None]:
    with trail.conn.cursor() as cursor:
        made = ledger.record(cursor, chance)
    trail.run("DELETE FROM audit_pending WHERE event_id = %s", made["id"])
    if chance.random() < 0.3:
        return {EventFault.EVENT_ADDED}, None
    number, content = chance.randrange(trail.size), ledger.expected(made)
    shift(trail, number, 1)
    add_leaf(trail, number, made["id"], content, chance.randbytes(64))
    return {Fault.ENTRY}, number


def add_leaf(trail: Trail, number: int, event_id: Any, content: bytes, mark: bytes) -> None:
    trail.run(
        "INSERT INTO audit_leaf (number, event_id, content, hash, mark) VALUES (%s, %s, %s, %s, %s)",
        number, event_id, content, leaf_hash(content), mark,
    )  # fmt: skip


def swap(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    one, other = sorted(chance.sample(range(trail.size), 2))
    trail.run("UPDATE audit_leaf SET number = -1 WHERE number = %s", one)
    trail.run("UPDATE audit_leaf SET number = %s WHERE number = %s", one, other)
    trail.run("UPDATE audit_leaf SET number = %s WHERE number = -1", other)
    return {Fault.ENTRY}, one


def duplicate(trail: Trail, chance: random.Random) -> tuple[set[Any], int | None]:
    number = chance.randrange(trail.size)
    if chance.random() < 0.5:
        trail.run("UPDATE audit_leaf SET number = %s WHERE number = %s", trail.size, number)
        return {Fault.MISSING}, number
    columns = "format, recorded_at, action, outcome, actor_id, actor_kind, system, roles, on_behalf_of, purpose," \
        " basis, subjects, object_label, object_id, fields, counts, session_ref, device_ref, request_id, route, detail"  # fmt: skip
    ((copy,),) = trail.run(
        f"INSERT INTO audit_event (id, {columns}) SELECT gen_random_uuid(), {columns} FROM audit_event"
        " WHERE id = %s RETURNING id", trail.event_of(number),
    )  # fmt: skip
    if chance.random() < 0.5:
        return {EventFault.EVENT_ADDED}, None
    ((content,),) = trail.run(f"SELECT {LEAF} FROM audit_event e WHERE e.id = %s", copy)
    ((mark,),) = trail.run("SELECT mark FROM audit_leaf WHERE number = %s", number)
    add_leaf(trail, trail.size, copy, bytes(content), bytes(mark))
    return {Fault.BEYOND}, trail.size


def cut_the_tail(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    head = chance.choice(trail.known[:-1])
    for statement in (
        "DELETE FROM audit_state s USING audit_leaf l WHERE l.event_id = s.event_id AND l.number >= %s",
        "DELETE FROM audit_event e USING audit_leaf l WHERE l.event_id = e.id AND l.number >= %s",
        "DELETE FROM audit_leaf WHERE number >= %s",
        "DELETE FROM audit_checkpoint WHERE size > %s",
    ):
        trail.run(statement, head.size)
    return {Fault.OLDER}, head.size


def cut_and_continue(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    _, end = cut_the_tail(trail, chance)
    with pytest.raises(RolledBack):
        ledger.sealer(trail.conn, trail.folder)
    # Even a sealer that was made to go on signs a ledger that is not the one that was anchored.
    key = keys.read(trail.folder / "key.json")
    at_work = Sealer(trail.conn, key, trail.folder / "head.json")
    at_work.wake(adopt=True)
    with trail.conn.cursor() as cursor:
        for _ in range(trail.size - end + chance.randrange(9)):
            ledger.record(cursor, chance)
    at_work.seal()
    return {Fault.FORK}, end


def restore_yesterday(trail: Trail, chance: random.Random) -> tuple[set[Any], int]:
    for table in TABLES:
        trail.run(f"DELETE FROM {table}")
        trail.run(f"INSERT INTO {table} SELECT * FROM yesterday_{table}")
    ((size,),) = trail.run("SELECT max(size) FROM audit_checkpoint")
    return {Fault.OLDER}, size


def rebuild_everything(trail: Trail, chance: random.Random) -> tuple[set[Any], None]:
    edit(trail, chance)
    for table in ("audit_leaf", "audit_node", "audit_checkpoint"):
        trail.run(f"DELETE FROM {table}")
    trail.run("INSERT INTO audit_pending SELECT id FROM audit_event")
    forged = trail.folder / f"forged-{chance.random()}"
    own = keys.SealerKey(keys.trusted(trail.folder / "public"), _new_private(forged))
    is_named_alike = chance.random() < 0.5
    at_work = Sealer(trail.conn, own if is_named_alike else keys.read(forged / "k"), forged / "h")
    at_work.wake()
    at_work.seal()
    for path in forged.iterdir():
        path.unlink()
    forged.rmdir()
    return ({Fault.SIGNATURE} if is_named_alike else {Fault.OTHER_LOG}), None


def _new_private(folder: Path) -> Any:
    keys.create(folder / "k", folder / "p")
    return keys.read(folder / "k").private


KINDS: tuple[Callable[[Trail, random.Random], tuple[set[Any], int | None]], ...] = (
    edit, edit_and_recompute, delete_first, delete_middle, delete_last, insert, swap, duplicate, cut_the_tail,
    cut_and_continue, restore_yesterday, rebuild_everything,
)  # fmt: skip


def test_an_untouched_trail_is_good(tampered: Trail) -> None:
    assert tampered.check().size == tampered.size


@pytest.mark.prove(step=3, full=50)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_tampering_is_found_and_named(tampered: Trail, rounds: int, kind: Any) -> None:
    for seed in range(rounds):
        mark = tampered.conn.savepoint()
        before = (tampered.folder / "head.json").read_bytes()
        faults, entry = kind(tampered, random.Random(seed))
        with pytest.raises(Bad) as found:
            tampered.check()
        assert found.value.fault in faults, (seed, str(found.value))
        assert found.value.entry == entry, (seed, str(found.value))
        tampered.conn.savepoint_rollback(mark)
        (tampered.folder / "head.json").write_bytes(before)


# --- beside the events ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["UPDATE audit_checkpoint SET issued_at = issued_at - interval '1 day' WHERE number = 3"], Fault.HEADS),
        (["UPDATE audit_checkpoint SET size = size + 1 WHERE number = 3"], Fault.HEADS),
        (["ALTER TABLE audit_state RENAME TO aside", "CREATE VIEW audit_state AS TABLE aside"], EventFault.PLACE),
        (["CREATE TEMPORARY TABLE audit_event AS TABLE audit_event"], EventFault.PLACE),
        (["CREATE SCHEMA aside", "CREATE TABLE aside.audit_leaf AS TABLE audit_leaf"], EventFault.PLACE),
        (["CREATE RULE quiet AS ON DELETE TO audit_event DO INSTEAD NOTHING"], EventFault.PLACE),
        (["ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY"], EventFault.PLACE),
    ],
)  # fmt: skip
def test_what_answers_for_the_trail_is_the_trail(
    tampered: Trail, statements: list[str], fault: Any
) -> None:
    for statement in statements:
        tampered.run(statement)
    with pytest.raises(Bad) as found:
        tampered.check()
    assert found.value.fault is fault


def test_an_event_that_no_sealer_would_ever_take_does_not_wait_unseen(tampered: Trail) -> None:
    with tampered.conn.cursor() as cursor:
        made = ledger.record(cursor, random.Random(4))
    assert tampered.check().size == tampered.size
    tampered.run("UPDATE audit_event SET format = 2 WHERE id = %s", made["id"])
    with pytest.raises(Bad) as found:
        tampered.check()
    assert found.value.fault is EventFault.EVENT_ADDED


def test_a_stored_root_of_a_subtree_that_was_changed_is_found(tampered: Trail) -> None:
    chance, at_work = random.Random(5), ledger.sealer(tampered.conn, tampered.folder)
    with tampered.conn.cursor() as cursor:
        for _ in range(260):
            ledger.record(cursor, chance)
    at_work.seal()
    assert tampered.check().size > 256
    for statement in (
        "UPDATE audit_node SET hash = decode(repeat('00', 32), 'hex') WHERE level = 1",
        "DELETE FROM audit_node WHERE level = 1",
    ):
        mark = tampered.conn.savepoint()
        tampered.run(statement)
        with pytest.raises(Bad) as found:
            tampered.check()
        assert found.value.fault is EventFault.NODE
        tampered.conn.savepoint_rollback(mark)
