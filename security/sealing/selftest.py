"""Known answers: a process that can not open what was sealed before must not start."""

from __future__ import annotations

import base64
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from security.sealing import envelope, keyring, keys
from security.sealing.envelope import Place
from security.sealing.errors import KeyringError, SealBroken

# Sealed once with format 1; opening it proves header, associated data, padding and msgpack at once.
KNOWN_KEY = bytes(range(32))
KNOWN_PLACE = Place("security.selftest", "body", UUID("01890a5d-ac96-774b-bcce-b302099a8057"), 7)
KNOWN_VALUES = {"text": "安护 Custodia", "number": 42, "nothing": None, "list": ("a", 1)}
KNOWN_ENVELOPE = (
    "Q1UBAQGJCl2slndLvM6zAgmagFfaYGKmIE+WlaqITs8luLJUOoILYjcjNzPFRYI65bVCwCdTwJc8q3TuY9oIntQbjS"
    "Psg/vvOPnohVznhLQz42fbP3OybU3BHXEi7cDy1YLhQgDXeQ85qhcRXpB+jQ=="
)


def known_answer() -> None:
    """Open an envelope sealed with format 1; raise KeyringError unless it says what was sealed."""
    blob = base64.b64decode(KNOWN_ENVELOPE)
    try:
        values = envelope.unseal(blob, key=AESGCM(KNOWN_KEY), place=KNOWN_PLACE)
    except SealBroken as error:
        raise KeyringError(f"the cipher self-test failed: {error.why}") from error
    if values != KNOWN_VALUES:
        raise KeyringError("the cipher self-test failed: other values")


def canary() -> None:
    """Unwrap stored data keys of every root version; raise KeyringError when the keyring is not theirs."""
    keyring.installed()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (kek_version) id, created_for, scope, kek_version, wrapped"
            " FROM security_datakey WHERE destroyed_at IS NULL ORDER BY kek_version, created_at"
        )
        for key_id, created_for, scope, version, wrapped in cursor.fetchall():
            keys.unwrap(
                bytes(wrapped),
                key_id=key_id,
                created_for=created_for,
                scope=scope,
                kek_version=version,
            )
