"""The key that signs receipts: a file of its own beside the keyring, and the public key for everybody."""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from consent.verifier import Key

KEY_BYTES = 32


class ReceiptKeyError(Exception):
    """The key of receipts is missing, damaged or open to others; the message is one sentence."""


@dataclass(frozen=True)
class ReceiptKey:
    """The opened key; it signs receipts and nothing else."""

    public: Key
    private: Ed25519PrivateKey

    def sign(self, content: bytes) -> str:
        """Return a signature as base64."""
        return base64.b64encode(self.private.sign(content)).decode()


def create(path: Path, public_path: Path) -> Key:
    """Write a new key, readable by its owner only, and its public half; fail if there is one."""
    private = Ed25519PrivateKey.generate()
    name = f"{urlsplit(settings.BASE_URL).hostname}/receipts"
    content = {
        "format": 1,
        "name": name,
        "private": base64.b64encode(private.private_bytes_raw()).decode(),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    key = Key(name, private.public_key().public_bytes_raw())
    public_path.parent.mkdir(parents=True, exist_ok=True)
    public_path.write_text(f"{key}\n")
    return key


def read(path: Path | None = None) -> ReceiptKey:
    """Read the key; raise ReceiptKeyError on anything that is wrong with it."""
    place = path or Path(settings.RECEIPT_KEY)
    try:
        if stat.S_IMODE(place.stat().st_mode) & 0o077:
            raise ReceiptKeyError(f"{place} must be readable by its owner only (chmod 600)")
        content = json.loads(place.read_text())
        raw = base64.b64decode(content["private"], validate=True)
        if content["format"] != 1 or len(raw) != KEY_BYTES:
            raise ReceiptKeyError(f"{place} has an unknown format")
        private = Ed25519PrivateKey.from_private_bytes(raw)
        public = Key(str(content["name"]), private.public_key().public_bytes_raw())
    except FileNotFoundError:
        raise ReceiptKeyError(
            f"no key at {place}; `manage.py receipt_key --init-if-missing` makes one"
        ) from None
    except (OSError, ValueError, TypeError, KeyError, binascii.Error) as error:
        raise ReceiptKeyError(f"{place} can not be read: {type(error).__name__}") from None
    return ReceiptKey(public, private)
