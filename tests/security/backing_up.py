"""Folders, keys and settings for tests of backups, and what reads an archive without the product."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.management import call_command
from django.test import override_settings

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHUNK = 64 * 1024 + 16


@contextmanager
def target(folder: Path) -> Iterator[Any]:
    """Give backups a folder and a key pair; yield the private key."""
    pair = pyrage.x25519.Identity.generate()
    (folder / "backups").mkdir()
    (folder / "private.txt").write_text(f"# a key\n{pair}\n")
    with override_settings(
        BACKUP_DIR=str(folder / "backups"),
        BACKUP_KEYS_DIR=str(folder / "backups" / "keys"),
        BACKUP_RECIPIENTS=[str(pair.to_public())],
        BACKUP_RECIPIENTS_FILE="",
    ):
        yield pair


def command(name: str, *arguments: object) -> tuple[int, str, str]:
    """Run a command; return its exit code, what it said and what it complained of."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(name, *map(str, arguments), "--quiet", stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def opened_by_hand(content: bytes, private: str) -> bytes:
    """Open an age file as its specification says, with nothing of the product and of its library."""
    head, _, rest = content.partition(b"\n--- ")
    mac, _, payload = rest.partition(b"\n")
    own = X25519PrivateKey.from_private_bytes(_bech32(private.lower()))
    key = next(found for found in _file_keys(head.decode(), own) if found)
    signed = hmac.digest(_derived(key, b"", b"header"), head + b"\n---", hashlib.sha256)
    assert _base64(mac.decode()) == signed
    stream = ChaCha20Poly1305(_derived(key, payload[:16], b"payload"))
    parts, body = [], payload[16:]
    for number, at in enumerate(range(0, len(body), CHUNK)):
        last = at + CHUNK >= len(body)
        nonce = number.to_bytes(11, "big") + bytes([last])
        parts.append(stream.decrypt(nonce, body[at : at + CHUNK], None))
    return b"".join(parts)


def _file_keys(head: str, own: X25519PrivateKey) -> Iterator[bytes | None]:
    public = own.public_key().public_bytes_raw()
    lines = head.splitlines()
    assert lines[0] == "age-encryption.org/v1"
    for line, wrapped in pairwise(lines):
        words = line.split()
        if words[:2] != ["->", "X25519"]:
            continue
        share = _base64(words[2])
        secret = own.exchange(X25519PublicKey.from_public_bytes(share))
        wrap = _derived(secret, share + public, b"age-encryption.org/v1/X25519")
        try:
            yield ChaCha20Poly1305(wrap).decrypt(bytes(12), _base64(wrapped), None)
        except Exception:  # noqa: BLE001 - somebody else's line
            yield None


def _derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, info).derive(secret)


def _base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _bech32(text: str) -> bytes:
    values = [ALPHABET.index(letter) for letter in text.rpartition("1")[2][:-6]]
    bits = "".join(f"{value:05b}" for value in values)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) // 8 * 8, 8))
