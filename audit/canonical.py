"""The bytes of one leaf: an event, its sealed detail and its states, in one fixed binary form.

The tree that the sealer builds hashes these bytes, and a verifier without Django makes them again.
Format 1, integers big-endian:

    leaf      = "custodia audit leaf" | 0x00 | format u16 | event | number of states u32 | states
    event     = the values of EVENT_FIELDS in that order
    states    = each the values of STATE_FIELDS in that order; sorted by model, then by object id
    value     = length u32 | bytes; nothing (NULL) has the length 0xFFFFFFFF and no bytes
    bytes of  uuid     16 bytes                      text    UTF-8
              instant  microseconds since 1970, i64  number  u64
              flag     0x00 or 0x01                  blob    as stored
              uuids    each 16 bytes, in stored order
              texts    each as value, in stored order
              counts   each key as value, then its i64; sorted by the bytes of the key

tests/audit/test_canonical.py holds a leaf of this format for ever. A new column of `audit_event`
needs a new format number; events keep the format they were written in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

DOMAIN = b"custodia audit leaf\x00"
FORMAT = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOTHING = b"\xff\xff\xff\xff"
_U16, _U32, _U64, _I64 = (struct.Struct(f">{code}") for code in "HIQq")


class UnknownFormat(ValueError):
    """An event was written in a format that this code does not know."""


class EventRow(Protocol):
    """What a leaf needs of an event: the model's row, or any object with the same attributes."""

    format: int
    id: UUID


class StateRow(Protocol):
    """What a leaf needs of a state."""

    model: str
    object_id: UUID


def value(content: bytes | None) -> bytes:
    """Return bytes with their length before them."""
    return NOTHING if content is None else _U32.pack(len(content)) + content


def instant(moment: datetime) -> bytes:
    """Return the microseconds of an instant since 1970."""
    return _I64.pack((moment - EPOCH) // MICROSECOND)


def texts(items: Sequence[str]) -> bytes:
    """Return a list of texts in its stored order."""
    return b"".join(value(item.encode()) for item in items)


def uuids(items: Sequence[UUID]) -> bytes:
    """Return a list of ids in its stored order."""
    return b"".join(item.bytes for item in items)


def counts(numbers: Mapping[str, int]) -> bytes:
    """Return named whole numbers, sorted by the bytes of their names."""
    pairs = sorted((name.encode(), number) for name, number in numbers.items())
    return b"".join(value(name) + _I64.pack(number) for name, number in pairs)


_FORMS: dict[str, Callable[[Any], bytes]] = {
    "uuid": lambda item: bytes(item.bytes),
    "text": str.encode,
    "instant": instant,
    "number": _U64.pack,
    "flag": lambda item: b"\x01" if item else b"\x00",
    "blob": bytes,
    "uuids": uuids,
    "texts": texts,
    "counts": counts,
}
EVENT_FIELDS = (
    ("id", "uuid"),
    ("recorded_at", "instant"),
    ("action", "text"),
    ("outcome", "text"),
    ("actor_id", "uuid"),
    ("actor_kind", "text"),
    ("system", "text"),
    ("roles", "texts"),
    ("on_behalf_of", "uuid"),
    ("purpose", "text"),
    ("basis", "text"),
    ("subjects", "uuids"),
    ("object_label", "text"),
    ("object_id", "uuid"),
    ("fields", "texts"),
    ("counts", "counts"),
    ("session_ref", "text"),
    ("device_ref", "text"),
    ("request_id", "uuid"),
    ("route", "text"),
    ("detail", "blob"),
)
STATE_FIELDS = (
    ("model", "text"),
    ("object_id", "uuid"),
    ("version", "number"),
    ("digest", "blob"),
    ("deleted", "flag"),
)


def _row_bytes(row: object, fields: Iterable[tuple[str, str]]) -> bytes:
    parts = []
    for name, form in fields:
        content = getattr(row, name)
        parts.append(value(None if content is None else _FORMS[form](content)))
    return b"".join(parts)


def leaf_bytes(event_row: EventRow, states: Iterable[StateRow]) -> bytes:
    """Return the leaf of an event and its states; raise UnknownFormat for another format."""
    if event_row.format != FORMAT:
        raise UnknownFormat(f"event {event_row.id} has format {event_row.format}")
    ordered = sorted(states, key=lambda state: (state.model.encode(), state.object_id.bytes))
    return b"".join(
        (
            DOMAIN,
            _U16.pack(event_row.format),
            _row_bytes(event_row, EVENT_FIELDS),
            _U32.pack(len(ordered)),
            *(_row_bytes(state, STATE_FIELDS) for state in ordered),
        )
    )


def split(leaf: bytes) -> dict[str, bytes | None]:
    """Return the fields of a leaf by name, the states in one; raise ValueError if it is no leaf."""
    if not leaf.startswith(DOMAIN + _U16.pack(FORMAT)):
        raise UnknownFormat("a leaf begins with its format")
    at, found = len(DOMAIN) + 2, {}
    for name, _form in EVENT_FIELDS:
        size = leaf[at : at + 4]
        at += 4
        if len(size) < 4 or (size != NOTHING and at + _U32.unpack(size)[0] > len(leaf)):
            raise ValueError("a leaf that ends too early")
        content = None if size == NOTHING else leaf[at : at + _U32.unpack(size)[0]]
        at += len(content or b"")
        found[name] = content
    return found | {"states": leaf[at:]}


def differing(one: bytes, other: bytes) -> list[str]:
    """Return the names of the fields in which two leaves differ, none where one is no leaf."""
    try:
        first, second = split(one), split(other)
    except ValueError:
        return []
    return [name for name, content in first.items() if second[name] != content]
