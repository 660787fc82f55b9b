"""The leaf of an event: a fixed vector, an independent reader, and no two events with one leaf."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from audit.canonical import EVENT_FIELDS, STATE_FIELDS, UnknownFormat, leaf_bytes
from audit.models import Event, State
from patients.models import Condition, Patient
from security import context, trail

GOLDEN = Path(__file__).parent / "golden" / "leaf-format-1.hex"
# SHA-256 over 0x00 and the leaf, as RFC 6962 hashes a leaf.
GOLDEN_HASH = "81186950192ac9008c6539813734177e071e200633de990ec3b7b0090028987f"


def uuid(number: int) -> UUID:
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)


EVENT_ID, ACTOR, OBJECT, REQUEST = uuid(1), uuid(2), uuid(40), uuid(5)


@dataclass(frozen=True)
class Row:
    model: str = "patients.condition"
    object_id: UUID = OBJECT
    version: int = 3
    digest: bytes = bytes(range(32))
    deleted: bool = False


@dataclass(frozen=True)
class Told:
    id: UUID = EVENT_ID
    format: int = 1
    recorded_at: datetime = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    action: str = "patients.condition.corrected"
    outcome: str = "success"
    actor_id: UUID | None = ACTOR
    actor_kind: str = "staff"
    system: str = ""
    roles: list[str] = field(default_factory=lambda: ["nurse", "physician"])
    on_behalf_of: UUID | None = None
    purpose: str = "TREAT"
    basis: str = "诊疗关系"
    subjects: list[UUID] = field(default_factory=lambda: [uuid(30), uuid(31)])
    object_label: str = "patients.condition"
    object_id: UUID | None = OBJECT
    fields: list[str] = field(default_factory=lambda: ["patients.condition.code_text"])
    counts: dict[str, int] = field(default_factory=lambda: {"rows": 2, "hits": -1, "行": 7})
    session_ref: str = "a1b2"
    device_ref: str = ""
    request_id: UUID = REQUEST
    route: str = "patients:correct"
    detail: bytes = b"CU\x01\x01 an envelope"


STATES = (Row(), Row(object_id=uuid(39), deleted=True), Row(model="patients.encounter"))


def read_value(leaf: bytes, at: int) -> tuple[bytes | None, int]:
    (length,) = struct.unpack_from(">I", leaf, at)
    if length == 0xFFFFFFFF:
        return None, at + 4
    return leaf[at + 4 : at + 4 + length], at + 4 + length


def read_leaf(leaf: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Read a leaf with nothing but the description of the format."""
    start = b"custodia audit leaf\x00\x00\x01"
    assert leaf.startswith(start)
    at, event = len(start), {}
    for name, _ in EVENT_FIELDS:
        event[name], at = read_value(leaf, at)
    (number,) = struct.unpack_from(">I", leaf, at)
    at, states = at + 4, []
    for _ in range(number):
        state = {}
        for name, _ in STATE_FIELDS:
            state[name], at = read_value(leaf, at)
        states.append(state)
    assert at == len(leaf)
    return event, states


def test_the_leaf_of_format_1_is_what_it_always_was() -> None:
    leaf = leaf_bytes(Told(), STATES)

    assert leaf.hex() == "".join(GOLDEN.read_text().split())
    assert hashlib.sha256(b"\x00" + leaf).hexdigest() == GOLDEN_HASH


def test_a_leaf_can_be_read_by_its_description_alone() -> None:
    event, states = read_leaf(bytes.fromhex(GOLDEN.read_text()))

    told = Told()
    microseconds = (told.recorded_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
    assert event["recorded_at"] == struct.pack(">q", microseconds)
    assert (event["id"], event["on_behalf_of"]) == (told.id.bytes, None)
    assert (event["basis"], event["device_ref"]) == ("诊疗关系".encode(), b"")
    assert event["subjects"] == uuid(30).bytes + uuid(31).bytes
    assert event["roles"] == b"\0\0\0\x05nurse\0\0\0\x09physician"
    assert event["counts"] is not None
    assert event["counts"].startswith(b"\0\0\0\x04hits" + struct.pack(">q", -1))
    assert event["detail"] == told.detail
    assert [state["object_id"] for state in states] == [
        uuid(39).bytes,
        uuid(40).bytes,
        uuid(40).bytes,
    ]
    assert [state["deleted"] for state in states] == [b"\x01", b"\x00", b"\x00"]


def test_the_order_of_states_and_counts_does_not_matter() -> None:
    turned = replace(Told(), counts={"行": 7, "hits": -1, "rows": 2})

    assert leaf_bytes(turned, STATES[::-1]) == leaf_bytes(Told(), STATES)


CHANGES: list[dict[str, Any]] = [
    {"id": uuid(9)},
    {"recorded_at": Told().recorded_at + timedelta(microseconds=1)},
    {"action": "patients.condition.correctex"},
    {"outcome": "failed"},
    {"actor_id": None},
    {"actor_kind": "patient"},
    {"system": "x"},
    {"roles": ["physician", "nurse"]},
    {"roles": ["nursephysician"]},
    {"roles": ["nurse"], "system": "physician"},
    {"on_behalf_of": uuid(2)},
    {"purpose": "TREA", "basis": "T诊疗关系"},
    {"subjects": [uuid(31), uuid(30)]},
    {"subjects": [uuid(30)]},
    {"object_label": ""},
    {"object_id": None},
    {"fields": []},
    {"counts": {"rows": 2}},
    {"counts": {"rows": 3, "hits": -1, "行": 7}},
    {"session_ref": "", "device_ref": "a1b2"},
    {"request_id": uuid(6)},
    {"route": ""},
    {"detail": b""},
]


def test_each_column_is_covered_by_a_change() -> None:
    assert {name for change in CHANGES for name in change} >= {name for name, _ in EVENT_FIELDS}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_of_an_event_keeps_its_leaf(change: dict[str, Any]) -> None:
    assert leaf_bytes(replace(Told(), **change), STATES) != leaf_bytes(Told(), STATES)


@pytest.mark.parametrize(
    "states",
    [
        (),
        STATES[:2],
        (*STATES, Row(object_id=uuid(50))),
        (replace(STATES[0], version=4), *STATES[1:]),
        (replace(STATES[0], digest=bytes(32)), *STATES[1:]),
        (replace(STATES[0], deleted=True), *STATES[1:]),
        (replace(STATES[0], model="patients.conditio"), *STATES[1:]),
    ],
)
def test_no_change_of_a_state_keeps_the_leaf(states: tuple[Row, ...]) -> None:
    assert leaf_bytes(Told(), states) != leaf_bytes(Told(), STATES)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnknownFormat):
        leaf_bytes(replace(Told(), format=2), ())


@pytest.mark.django_db
def test_every_column_of_the_tables_is_in_the_leaf() -> None:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description
        event = {column.name for column in described(cursor, "audit_event")}
        state = {column.name for column in described(cursor, "audit_state")}

    assert event - {"format"} == {name for name, _ in EVENT_FIELDS}
    assert state - {"event_id"} == {name for name, _ in STATE_FIELDS}


@pytest.mark.django_db
def test_a_recorded_event_has_the_same_leaf_each_time_it_is_read(
    acting: context.Context, patient: Patient, conditions: list[Condition]
) -> None:
    event_id = trail.record(
        "tests.deed.done", subjects=[patient.pk], changed=conditions, counts={"b": 2, "a": 1}
    )
    leaves = {
        leaf_bytes(
            Event.objects.get(pk=event_id), State.objects.filter(event_id=event_id).order_by(order)
        )
        for order in ("digest", "object_id", "-object_id")
    }
    assert len(leaves) == 1
    event, states = read_leaf(leaves.pop())
    assert (event["id"], len(states)) == (event_id.bytes, len(conditions))
