"""The sealer's own key: a file that only its process reads, and the public key that everybody may have."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.verifier import Bad, Head, Key, mark_text, unbase64


class SealerKeyError(Exception):
    """The key of the ledger is missing, damaged or open to others; the message is one sentence."""


@dataclass(frozen=True)
class SealerKey:
    """The opened key: signs heads and entries of one ledger."""

    public: Key
    private: Ed25519PrivateKey

    def sign_head(self, size: int, root: bytes, issued_at: datetime) -> str:
        """Return a signed head as a note."""
        head = Head(self.public.origin, size, root, issued_at)
        return head.note(self.public, self.private.sign(head.text.encode()))

    def sign_entry(self, number: int, digest: bytes) -> bytes:
        """Return the mark of one entry."""
        return self.private.sign(mark_text(self.public.origin, number, digest))


def create(path: Path, public_path: Path) -> Key:
    """Write a new key, readable by its owner only, and its public half for everybody."""
    host = urlsplit(settings.BASE_URL).hostname
    # A ledger that starts over is another ledger, although at the same clinic.
    origin = f"{host}/custodia-ledger/{secrets.token_hex(4)}"
    private = Ed25519PrivateKey.generate()
    content = {
        "format": 1,
        "origin": origin,
        "private": base64.b64encode(private.private_bytes_raw()).decode(),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    key = Key(origin, private.public_key().public_bytes_raw())
    publish(key, public_path)
    return key


def publish(key: Key, public_path: Path) -> None:
    """Write the public key where web, worker and verifiers find it."""
    public_path.parent.mkdir(parents=True, exist_ok=True)
    public_path.write_text(f"{key}\n")


def read(path: Path) -> SealerKey:
    """Read the key; raise SealerKeyError on anything that is wrong with it."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SealerKeyError(f"{path} must be readable by its owner only (chmod 600)")
        content = json.loads(path.read_text())
        if content["format"] != 1:
            raise SealerKeyError(f"{path} has an unknown format")
        private = Ed25519PrivateKey.from_private_bytes(unbase64(content["private"], 32))
        public = Key(str(content["origin"]), private.public_key().public_bytes_raw())
        return SealerKey(Key.read(str(public)), private)
    except FileNotFoundError:
        raise SealerKeyError(
            f"no key at {path}; `manage.py sealer --init-if-missing` makes one"
        ) from None
    except (OSError, ValueError, TypeError, KeyError, Bad) as error:
        raise SealerKeyError(f"{path} can not be read: {type(error).__name__}") from None


def trusted(path: Path | None = None) -> Key:
    """Return the public key that this installation trusts; raise SealerKeyError if there is none."""
    place = path or Path(settings.LEDGER_PUBLIC_KEY)
    try:
        return Key.read(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Bad):
        raise SealerKeyError(f"no public key of the ledger at {place}") from None
