"""The sealed envelope, format 1: AES-256-GCM over a padded msgpack map, bound to its row.

    header     = magic "CU" | format u8 | algorithm u8 | data key id (16 bytes)
    envelope   = header | nonce (12 bytes) | ciphertext and tag
    plaintext  = msgpack map {stable key: value} | 0x80 | zero bytes up to a multiple of 64
    associated = each of: header, seal label, envelope name, row UUID, version (u64), all big-endian,
                 each preceded by its length (u32)

The golden file in tests/ holds envelopes of this format for ever; a change needs a new format number.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from security.sealing.errors import SealBroken

MAGIC = b"CU"
FORMAT = 1
AES_256_GCM = 1
PAD_TO = 64
HEADER = struct.Struct(">2sBB16s")
NONCE_BYTES = 12
TAG_BYTES = 16
_PREFIX = MAGIC + bytes([FORMAT, AES_256_GCM])
_LENGTH = struct.Struct(">I")
_VERSION = struct.Struct(">Q")
_HEADER_LENGTH, _ID_LENGTH, _VERSION_LENGTH = (
    _LENGTH.pack(size) for size in (HEADER.size, 16, _VERSION.size)
)


class Place(NamedTuple):
    """Where an envelope belongs; a copy anywhere else does not open."""

    label: str
    envelope: str
    row_id: UUID
    version: int


def associated_data(header: bytes, place: Place) -> bytes:
    """Return the length-prefixed bytes that bind an envelope to its place."""
    label, name, row_id, version = place
    return b"".join(
        (
            _HEADER_LENGTH, header,
            _names(label, name),
            _ID_LENGTH, row_id.bytes,
            _VERSION_LENGTH, _VERSION.pack(version),
        )
    )  # fmt: skip


@cache
def _names(label: str, name: str) -> bytes:
    parts = (label.encode(), name.encode())
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def seal(values: Mapping[str, Any], *, key: AESGCM, key_id: UUID, place: Place) -> bytes:
    """Return the envelope of a map of values for one place."""
    plain = msgpack.packb(dict(values), use_bin_type=True)
    plain += b"\x80" + bytes(-(len(plain) + 1) % PAD_TO)
    header = _PREFIX + key_id.bytes
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + key.encrypt(nonce, plain, associated_data(header, place))


def key_bytes_of(blob: bytes) -> bytes | None:
    """Return the 16 bytes of the data key's id in an envelope, or None if this is no envelope."""
    if len(blob) < HEADER.size + NONCE_BYTES + TAG_BYTES or blob[:4] != _PREFIX:
        return None
    return blob[4:20]


def key_id_of(blob: bytes) -> UUID | None:
    """Return the id of the data key an envelope names, or None if this is no envelope."""
    found = key_bytes_of(blob)
    return UUID(bytes=found) if found else None


# What stands where an envelope stood, once its content was erased and the row had to stay.
ERASED = b"erased"


def unseal(blob: bytes, *, key: AESGCM, place: Place) -> dict[str, Any]:
    """Return the map sealed in an envelope; raise SealBroken unless it was sealed for this very place."""
    if key_bytes_of(blob) is None:
        raise SealBroken(place.label, place.envelope, "not an envelope")
    header, nonce = blob[:20], blob[20:32]
    try:
        plain = key.decrypt(nonce, blob[32:], associated_data(header, place))
    except InvalidTag as error:
        raise SealBroken(place.label, place.envelope, "not sealed for this place") from error
    body = plain.rstrip(b"\x00")
    if not body.endswith(b"\x80"):
        raise SealBroken(place.label, place.envelope, "padding")
    values = msgpack.unpackb(body[:-1], raw=False, use_list=False, strict_map_key=True)
    if not isinstance(values, dict):
        raise SealBroken(place.label, place.envelope, "not a map")
    return values
