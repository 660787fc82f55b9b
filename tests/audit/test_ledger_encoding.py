"""The database encodes a leaf to the same bytes as Python."""

from __future__ import annotations

import random

import pytest

from audit.ledger.encoding import LEAF
from tests.audit import ledger

pytestmark = pytest.mark.django_db

STRANGE = (
    "recorded_at = 'infinity'",
    "counts = '[1]'",
    "counts = '3'",
    """counts = '{"a": "b"}'""",
    """counts = '{"a": 1.5}'""",
    """counts = '{"a": 99999999999999999999}'""",
    "roles = '{a,NULL}'",
    "roles = '{{a},{b}}'",
    "subjects = '{NULL}'",
    "subjects = ARRAY[ARRAY[id], ARRAY[id]]",
    "actor_id = request_id, request_id = id",
    "format = 2",
)


def test_python_and_the_database_make_the_same_leaf() -> None:
    chance = random.Random(4)
    with ledger.rolled_back() as conn, conn.cursor() as cursor:
        made = {one["id"]: one for one in (ledger.record(cursor, chance) for _ in range(300))}
        cursor.execute(f"SELECT e.id, {LEAF} FROM audit_event e WHERE e.id = ANY(%s)", [list(made)])
        found = {event_id: bytes(leaf) for event_id, leaf in cursor.fetchall()}

    assert found == {event_id: ledger.expected(one) for event_id, one in made.items()}


@pytest.mark.parametrize("change", STRANGE)
def test_what_no_writer_writes_is_another_leaf_and_no_error(change: str) -> None:
    with ledger.rolled_back() as conn, conn.cursor() as cursor:
        made = ledger.record(cursor, random.Random(4), roles=["a"])
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        cursor.execute(f"UPDATE audit_event SET {change} WHERE id = %s", [made["id"]])
        cursor.execute(f"SELECT {LEAF} FROM audit_event e WHERE e.id = %s", [made["id"]])
        leaf = cursor.fetchone()[0]

    assert leaf is None or bytes(leaf) != ledger.expected(made)
