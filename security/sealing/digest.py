"""The state of a row as 32 bytes: SHA-256 over the canonical stored values of its declared columns.

for each non-operational column, in the order of column names:
    u32 length | name | type byte | u32 length | value
type and value: N nothing | B bytes | T UTF-8 text | I decimal text of a whole number | F "0" or "1"
                U 16 bytes of a UUID | D ISO date | C ISO time of a clock
                M RFC 3339 UTC with microseconds | J canonical JSON
                A canonical JSON of an array, ids in it as texts
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from security.sealing.shape import operational_columns

_LENGTH = struct.Struct(">I")


def canonical(value: Any) -> bytes:
    """Return the type byte and the bytes of one stored value."""
    if value is None:
        return b"N"
    for kinds, mark, write in FORMS:
        if isinstance(value, kinds):
            return mark + write(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")


def _json(value: Any) -> bytes:
    return json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
        default=_plain,
    ).encode()


def _plain(value: Any) -> str:
    """Return the text of an id in a list; nothing else that JSON does not know is stored in one."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")


# Tried in this order: a bool is an int and a datetime is a date to Python.
FORMS: tuple[tuple[tuple[type, ...], bytes, Callable[[Any], bytes]], ...] = (
    ((bool,), b"F", lambda value: b"1" if value else b"0"),
    ((bytes, bytearray, memoryview), b"B", bytes),
    ((str,), b"T", str.encode),
    ((int, Decimal), b"I", lambda value: str(value).encode()),
    ((UUID,), b"U", lambda value: value.bytes),
    (
        (datetime,),
        b"M",
        lambda value: value.astimezone(UTC).isoformat(timespec="microseconds").encode(),
    ),
    ((date,), b"D", lambda value: value.isoformat().encode()),
    ((time,), b"C", lambda value: value.isoformat(timespec="microseconds").encode()),
    ((dict, list, tuple, float), b"J", _json),
)


def state_digest(row: models.Model) -> bytes:
    """Return the digest of a row as it is stored; equal for the row in memory and the row read again."""
    operational = operational_columns(type(row))
    state = hashlib.sha256(b"custodia state 1\x00")
    for field in sorted(row._meta.concrete_fields, key=lambda f: f.column or ""):
        if field.attname in operational:
            continue
        name, value = (
            (field.column or "").encode(),
            canonical(field.to_python(getattr(row, field.attname))),
        )
        state.update(
            _LENGTH.pack(len(name)) + name + value[:1] + _LENGTH.pack(len(value) - 1) + value[1:]
        )
    return state.digest()
