"""Root keys: a versioned keyring file outside the database, its checks, and the keys derived from it.

    {"format": 1, "primary": 1, "roots": {"1": "<base64, 32 bytes>"},
     "index_primary": 1, "index": {"1": "<base64, 32 bytes>"}}

Roots wrap data keys. The index root feeds one HMAC key per blind index (HKDF-SHA-256). Rotation adds a
version everywhere first and promotes it in a second roll-out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from security.sealing.errors import KeyringError

KEY_BYTES = 32


@dataclass(frozen=True)
class Keyring:
    """The opened keyring: ciphers of the root keys by version and the index roots."""

    primary: int
    roots: dict[int, AESGCM]
    index_primary: int
    index_roots: dict[int, bytes]

    def root(self, version: int) -> AESGCM:
        """Return the root key of a version; raise KeyringError if the file lacks it."""
        try:
            return self.roots[version]
        except KeyError:
            raise KeyringError(f"the keyring holds no root key of version {version}") from None


def create(path: Path) -> None:
    """Write a new keyring with one fresh root and one fresh index root, readable by its owner only."""
    content = {
        "format": 1,
        "primary": 1,
        "roots": {"1": base64.b64encode(os.urandom(KEY_BYTES)).decode()},
        "index_primary": 1,
        "index": {"1": base64.b64encode(os.urandom(KEY_BYTES)).decode()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Keyring:
    """Read a keyring file; raise KeyringError with one plain sentence on anything wrong with it."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyringError(f"the keyring {path} must be readable by its owner only (chmod 600)")
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise KeyringError(f"no keyring at {path}; `manage.py keyring --init` makes one") from None
    except (OSError, ValueError) as error:
        raise KeyringError(f"the keyring {path} can not be read: {type(error).__name__}") from None
    try:
        if content["format"] != 1:
            raise KeyringError(f"the keyring {path} has an unknown format")
        roots = {int(version): _decode(text) for version, text in content["roots"].items()}
        index = {int(version): _decode(text) for version, text in content["index"].items()}
        primary, index_primary = int(content["primary"]), int(content["index_primary"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KeyringError(f"the keyring {path} is damaged: {type(error).__name__}") from None
    if primary not in roots or index_primary not in index:
        raise KeyringError(f"the keyring {path} lacks its primary key")
    if len(set(roots.values()) | set(index.values())) != len(roots) + len(index):
        raise KeyringError(f"the keyring {path} holds the same key twice")
    ciphers = {version: AESGCM(key) for version, key in roots.items()}
    return Keyring(primary=primary, roots=ciphers, index_primary=index_primary, index_roots=index)


def _decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if len(key) != KEY_BYTES or key == bytes(KEY_BYTES):
        raise ValueError("not a key")
    return key


@lru_cache(maxsize=4)
def _read_once(path: Path) -> Keyring:
    return read(path)


def installed() -> Keyring:
    """Return the keyring of this process, read once from the configured path."""
    return _read_once(settings.KEYRING_PATH)


def forget() -> None:
    """Drop the keyring and every key derived from it, after the file was changed."""
    _read_once.cache_clear()
    _index_key.cache_clear()


@lru_cache(maxsize=256)
def _index_key(path: Path, version: int, purpose: str) -> bytes:
    root = _read_once(path).index_roots.get(version)
    if root is None:
        raise KeyringError(f"the keyring holds no index key of version {version}")
    derived = HKDF(
        algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"custodia index " + purpose.encode()
    )
    return derived.derive(root)


def index_digest(purpose: str, text: str, *, version: int | None = None) -> bytes:
    """Return HMAC-SHA-256 of a normalised text under the key of one index; 32 bytes."""
    path = settings.KEYRING_PATH
    number = _read_once(path).index_primary if version is None else version
    return hmac.digest(_index_key(path, number, purpose), text.encode(), hashlib.sha256)
