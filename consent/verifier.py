"""Verify the receipt of a consent away from the clinic that gave it.

Needs Python 3.11 and `cryptography`. Copy this one file to another machine, with the public key that the
clinic publishes and that you got before; nothing that a receipt says about itself is believed.

    python verifier.py FILE --key KEY      FILE: the receipt as JSON, or the text of its QR code
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RECEIPT = "custodia consent receipt 1"
SPELLING: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
KEY_BYTES, SIGNATURE_BYTES, MOST_BYTES = 32, 64, 1_000_000


class Fault(Enum):
    """What can be wrong: exit code and sentence."""

    FORM = 10, "this is not a receipt of a consent"
    SIGNATURE = 11, "the signature is not one of the key that you trust"
    OTHER_KEY = 12, "the receipt was signed with another key than the one that you trust"
    WORDS = 13, "the words are not the ones that were agreed to"


class Bad(Exception):
    """The first thing that is wrong."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value[1])
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with the name of who signs, as one line: NAME+FINGERPRINT+KEY."""

    name: str
    raw: bytes

    @property
    def fingerprint(self) -> str:
        """Return the first 16 hex digits of the SHA-256 of name and key."""
        return sha256(self.name.encode() + b"\n" + self.raw).hexdigest()[:16]

    def __str__(self) -> str:
        """Return the line that is published."""
        return f"{self.name}+{self.fingerprint}+{base64.b64encode(self.raw).decode()}"

    @classmethod
    def read(cls, line: str) -> Key:
        """Read a published line; raise Bad for anything else."""
        try:
            name, fingerprint, text = line.strip().split("+", 2)
            key = cls(name, base64.b64decode(text, validate=True))
        except (ValueError, binascii.Error):
            raise Bad(Fault.FORM) from None
        if len(key.raw) != KEY_BYTES or key.fingerprint != fingerprint:
            raise Bad(Fault.FORM)
        return key


def canonical(words: Mapping[str, Any]) -> bytes:
    """Return the one spelling of the words of a form: form, number, language, title and elements."""
    return json.dumps(words, **SPELLING).encode()


def digest(words: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the words of a form, as each consent keeps it."""
    return sha256(canonical(words)).hexdigest()


def signed_text(body: str) -> bytes:
    """Return what is signed: the name of the format, then the facts as they are spelled."""
    return f"{RECEIPT}\n{body}".encode()


def check(text: str, key: Key) -> dict[str, Any]:
    """Return the facts of a receipt that is good; raise Bad with the first thing that is wrong."""
    content = _read(text)
    body, signature = content["body"], _signature(content["signature"])
    if content["key"] != key.fingerprint:
        raise Bad(Fault.OTHER_KEY)
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed_text(body))
    except InvalidSignature:
        raise Bad(Fault.SIGNATURE) from None
    facts = _object(body)
    words = content.get("words")
    # A QR code has no room for the words; it holds their digest.
    if words is not None and (not isinstance(words, dict) or digest(words) != facts.get("words")):
        raise Bad(Fault.WORDS)
    return facts


def _read(text: str) -> dict[str, Any]:
    if len(text.encode()) > MOST_BYTES:
        raise Bad(Fault.FORM)
    content = _object(text)
    named = all(isinstance(content.get(name), str) for name in ("body", "signature", "key"))
    if content.get("kind") != RECEIPT or not named:
        raise Bad(Fault.FORM)
    return content


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Bad(Fault.FORM) from None
    if not isinstance(found, dict):
        raise Bad(Fault.FORM)
    return found


def _signature(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Bad(Fault.FORM) from None
    if len(found) != SIGNATURE_BYTES:
        raise Bad(Fault.FORM)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Check one receipt; print its facts, or the one thing that is wrong."""
    parser = argparse.ArgumentParser(description="Verify the receipt of a consent.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="file with the published key")
    said = parser.parse_args(arguments)
    try:
        key = Key.read(said.key.read_text(encoding="utf-8"))
        facts = check(said.file.read_text(encoding="utf-8"), key)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"can not be read: {type(error).__name__}\n")
        return 2
    except Bad as bad:
        sys.stderr.write(f"{bad}\n")
        return int(bad.fault.value[0])
    sys.stdout.write(f"good, signed by {key.name}\n")
    for name in sorted(facts):
        sys.stdout.write(f"{name}: {facts[name]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
