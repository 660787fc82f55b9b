"""What a set of archives says of itself: counts, digests, and a mark that only the keyring can make.

age hides and authenticates content but names no author: anybody can encrypt to a public key. The mark
(HMAC-SHA-256 under a key of the keyring) is what tells a set of this product from a set of somebody else.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from security.backups.age import Written
from security.backups.faults import RestoreRefused
from security.sealing import keyring
from security.sealing.errors import KeyringError

NAME = "manifest.age"
FORMAT = 1
RECORDS, KEYS = "records", "keys"
PURPOSE = "backup manifest"
# What manifests of earlier versions do not say.
LATER = ("erasures", "erasures_mark")
# Larger is no manifest.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """One set: what kind it is, when it was made, and what its archives hold."""

    kind: str
    name: str
    made_at: str
    server: int
    tables: dict[str, int]
    left_out: list[str]
    files: int
    files_missing: int
    # Keys that open for another record than they were made for, since a merge: as of the records' moment.
    moved_keys: dict[str, str]
    archives: dict[str, Written]
    # The last line of the ledger of erasures at that moment: a restore asks for a ledger that has it.
    erasures: int = 0
    erasures_mark: str = ""

    def text(self) -> bytes:
        """Return the manifest with its mark, as it is stored."""
        version = keyring.installed().index_primary
        body = asdict(self) | {
            "format": FORMAT,
            "key_version": version,
            "django": metadata.version("django"),
        }
        return json.dumps(body | {"mark": _mark(body, version)}, indent=1).encode()


def _mark(body: dict[str, Any], version: int) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return keyring.index_digest(PURPOSE, text, version=version).hex()


def read(text: bytes, *, kind: str, name: str) -> Manifest:
    """Return a manifest; raise RestoreRefused unless this product made it for this kind and name."""
    try:
        body = json.loads(text)
        mark, version = str(body.pop("mark")), int(body["key_version"])
        if not hmac.compare_digest(mark, _mark(body, version)):
            raise RestoreRefused("the manifest was not made with this keyring, or was altered")
        found = _manifest(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RestoreRefused("the manifest is damaged") from None
    except KeyringError as error:
        raise RestoreRefused(str(error)) from None
    if (found.kind, found.name) != (kind, name):
        raise RestoreRefused(f"the folder {name} holds the set {found.name} of {found.kind}")
    return found


def _manifest(body: dict[str, Any]) -> Manifest:
    if body["format"] != FORMAT:
        raise RestoreRefused("the backup was made by another version of the product")
    later = {key: body[key] for key in LATER if key in body}
    fields = {key: body[key] for key in Manifest.__slots__ if key not in ("archives", *LATER)}
    archives = {key: Written(**value) for key, value in body["archives"].items()}
    return Manifest(**fields, archives=archives, **later)
