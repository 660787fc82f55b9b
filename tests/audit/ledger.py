"""A ledger of made-up events on a connection of the administrator, where nothing is ever committed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

from audit import canonical, verifier, writer
from audit.ledger import keys
from audit.ledger.sealing import Sealer
from audit.verifier import Head
from security.ids import new_id
from tests import database

WORDS = ("patients.chart.opened", "", "王芳 · é\n", "x" * 300, "security.role.granted", "\u0001")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@contextmanager
def rolled_back() -> Iterator[BaseDatabaseWrapper]:
    """Open a transaction of the administrator with the triggers off; all of it is taken back."""
    with database.administrator() as conn:
        conn.set_autocommit(False)
        with conn.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'")
        yield conn
        conn.rollback()


def event(chance: random.Random, **fixed: Any) -> dict[str, Any]:
    """Return the parameters of one made-up event with its states."""
    some = [UUID(int=chance.getrandbits(128)) for _ in range(chance.choice((0, 0, 1, 3)))]
    number = chance.choice((0, 0, 1, 4))
    maybe = [None, UUID(int=chance.getrandbits(128))]
    return {
        "id": new_id(), "format": 1, "recorded_at": NOW + timedelta(microseconds=chance.randrange(10**13)),
        "action": "patients.chart.opened", "outcome": "success", "actor_id": chance.choice(maybe),
        "actor_kind": "staff", "system": chance.choice(WORDS[:3]), "on_behalf_of": chance.choice(maybe),
        "roles": [chance.choice(WORDS[:4]) for _ in range(chance.choice((0, 1, 2)))],
        "purpose": "TREAT", "basis": chance.choice(WORDS), "subjects": some, "object_label": "patients.patient",
        "object_id": chance.choice(maybe), "fields": [chance.choice(WORDS[:4]) for _ in some],
        "counts": json.dumps({chance.choice(WORDS[:4]): chance.choice((0, -(2**63), 2**63 - 1, 7)) for _ in some}),
        "session_ref": "s", "device_ref": "", "request_id": new_id(), "route": "patients:patient",
        "detail": chance.randbytes(90), "urgent": False,
        "models": [chance.choice(("patients.note", "audit.x", "é")) for _ in range(number)],
        "object_ids": [new_id() for _ in range(number)],
        "versions": [chance.choice((0, 3, 2**40)) for _ in range(number)],
        "digests": [chance.randbytes(32) for _ in range(number)], "deleted": [chance.random() < 0.3 for _ in range(number)],
        **fixed,
    }  # fmt: skip


def record(cursor: Any, chance: random.Random, **fixed: Any) -> dict[str, Any]:
    """Write one made-up event as the product does."""
    made = event(chance, **fixed)
    cursor.execute(writer.STATEMENT, made)
    return made


def expected(made: dict[str, Any]) -> bytes:
    """Return the leaf that Python makes of an event's parameters."""
    row = SimpleNamespace(**made | {"counts": json.loads(made["counts"])})
    names = ("model", "object_id", "version", "digest", "deleted")
    columns = zip(
        *(made[one] for one in ("models", "object_ids", "versions", "digests", "deleted")),
        strict=True,
    )
    states = [SimpleNamespace(**dict(zip(names, values, strict=True))) for values in columns]
    return canonical.leaf_bytes(row, states)


def place(folder: Path) -> dict[str, Path]:
    """Return where the files of a sealer lie in a folder."""
    return {name: folder / name for name in ("key.json", "head.json", "anchor")}


def sealer(conn: BaseDatabaseWrapper, folder: Path) -> Sealer:
    """Return a sealer with a key of its own, its files in a folder."""
    files = place(folder)
    if not files["key.json"].exists():
        keys.create(files["key.json"], folder / "public")
    made = Sealer(conn, keys.read(files["key.json"]), files["head.json"], files["anchor"])
    made.wake()
    return made


def heads(folder: Path) -> list[Head]:
    """Return the heads of the anchor file."""
    return verifier.heads_in(folder / "anchor", keys.trusted(folder / "public"))


def grow(conn: BaseDatabaseWrapper, folder: Path, chance: random.Random, batches: int) -> Sealer:
    """Record and seal made-up events in some batches."""
    at_work = sealer(conn, folder)
    with conn.cursor() as cursor:
        for _ in range(batches):
            for _ in range(chance.randrange(1, 24)):
                record(cursor, chance)
            at_work.seal()
    return at_work
