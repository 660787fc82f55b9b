"""Verify a ledger, its signed heads and its receipts away from the product that wrote them.

Needs Python 3.11 and `cryptography`. Copy this one file to another machine, with the public key and the
newest head that you hold; nothing that a file says about itself is believed. `--help` tells how.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LEAF, NODE, TILE, ED25519, MARK = b"\x00", b"\x01", 256, b"\x01", b"custodia ledger entry\n"
TIME, CLOCKS_DIFFER_BY = "%Y-%m-%dT%H:%M:%S.%fZ", timedelta(minutes=5)
SPELLING: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
BUNDLE, RECEIPT = "custodia ledger bundle 1", "custodia ledger receipt 1"
# No ledger has longer lines (cut, they are no JSON) or more entries without a head: nothing swells in memory.
MOST_CHARACTERS, MOST_ENTRIES, LONGEST_HEAD = 2**26, 2**16, 1024
Entry = tuple[int, bytes, bytes, bytes]  # number, event, hash, the sealer's signature over both


class Fault(Enum):
    """What can be wrong: exit code and sentence."""

    FORM = 10, "not in the form that a ledger has"
    SIGNATURE = 11, "the signature is not one of the key that you trust"
    OTHER_LOG = 12, "this is another ledger than the one that you trust"
    FUTURE = 13, "a head is signed for a time that has not come"
    OLDER = 14, "the ledger is older than a head that was known: entries at its end are cut off"
    FORK = 15, "the ledger is not the one that a known head was made of: it was rewritten"
    PROOF = 16, "the proof does not lead to the signed head"
    ENTRY = 20, "an entry is not the one that was sealed in its place"
    MISSING = 21, "an entry is missing"
    BEYOND = 22, "there are entries that no head was signed for"
    HEADS = 23, "a signed head does not fit the entries or the heads before it"


class Bad(Exception):
    """The first thing that is wrong, where it is, and what of it."""

    def __init__(self, fault: Enum, where: str = "", entry: int | None = None) -> None:
        super().__init__(f"{fault.value[1]}{': ' if where else ''}{where}")
        self.fault, self.entry = fault, entry


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(LEAF + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return sha256(NODE + left + right).digest()


def tile_root(row: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(NODE + left + right).digest() for left, right in pairs]
    return row[0]


@dataclass(slots=True)
class Frontier:
    """The roots of the complete subtrees of a tree, the widest first: all that appending needs."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Append entries by their hashes."""
        at = 0
        while at < len(hashes):
            width = TILE if self.size % TILE == 0 and len(hashes) - at >= TILE else 1
            digest, place = tile_root(hashes[at : at + width]), self.size // width
            while place & 1:
                digest, place = node_hash(self.peaks.pop(), digest), place >> 1
            self.peaks.append(digest)
            self.size, at = self.size + width, at + width

    def root(self) -> bytes:
        """Return the root of the tree."""
        digest = self.peaks[-1] if self.peaks else sha256(b"").digest()
        for peak in reversed(self.peaks[:-1]):
            digest = node_hash(peak, digest)
        return digest


def _climb(place: int, last: int, path: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for other in path:
        if last == 0:
            raise Bad(Fault.PROOF, "the path is too long")
        is_left = bool(place & 1) or place == last
        yield other, is_left
        while is_left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise Bad(Fault.PROOF, "the path is too short")


def root_of_inclusion(index: int, size: int, digest: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2); raise Bad if to none."""
    if not 0 <= index < size:
        raise Bad(Fault.PROOF, "the tree has no such entry")
    for other, is_left in _climb(index, size - 1, path):
        digest = node_hash(other, digest) if is_left else node_hash(digest, other)
    return digest


def unbase64(text: str, length: int | None = None) -> bytes:
    """Return what a text holds in base64; raise Bad unless it is its one right form."""
    with suppress(TypeError, ValueError):
        content = base64.b64decode(text, validate=True)
        if base64.b64encode(content).decode() == text and length in {None, len(content)}:
            return content
    raise Bad(Fault.FORM, "base64")


@dataclass(frozen=True)
class Key:
    """The public key of a ledger, and the name of the ledger that it signs."""

    origin: str
    raw: bytes

    @property
    def hash(self) -> bytes:
        """Return the four bytes by which signatures name the key."""
        return sha256(f"{self.origin}\n".encode() + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        """Return the key in the form of C2SP: name, hash and key."""
        return f"{self.origin}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def read(cls, text: str) -> Key:
        """Read a key; raise Bad if it is none."""
        origin, _, rest = text.strip().partition("+")
        key = cls(origin, unbase64(rest[9:], 33)[1:])
        if origin.split() != [origin] or str(key) != text.strip():
            raise Bad(Fault.FORM, "the public key")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this key signed a message."""
        with suppress(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
            return True
        return False


@dataclass(frozen=True)
class Head:
    """One signed state of a ledger: how many entries, over which root, when."""

    origin: str
    size: int
    root: bytes
    issued_at: datetime

    @property
    def text(self) -> str:
        """Return what is signed."""
        root, time = base64.b64encode(self.root).decode(), self.issued_at.strftime(TIME)
        return f"{self.origin}\n{self.size}\n{root}\ntime {time}\n"

    def note(self, key: Key, signature: bytes) -> str:
        """Return the signed note."""
        return f"{self.text}\n— {key.origin} {base64.b64encode(key.hash + signature).decode()}\n"

    @classmethod
    def open(cls, note: str, key: Key) -> Head:
        """Read a signed head; raise Bad unless the key signed exactly this for a time that has come."""
        lines = note.split("\n")
        if len(lines) != 7 or lines[4] or lines[6]:
            raise Bad(Fault.FORM, "a head has six lines")
        begin = f"— {key.origin} "
        if lines[0] != key.origin or not lines[5].startswith(begin):
            raise Bad(Fault.OTHER_LOG, repr(lines[0][:80]))
        try:
            issued_at = datetime.strptime(lines[3], f"time {TIME}").replace(tzinfo=UTC)
            head = cls(lines[0], int(lines[1]), unbase64(lines[2], 32), issued_at)
        except ValueError:
            raise Bad(Fault.FORM, "size or time of a head") from None
        signed = unbase64(lines[5].removeprefix(begin), 68)
        if not key.verifies(signed[4:], head.text.encode()):
            raise Bad(Fault.SIGNATURE, f"head of {head.size} entries")
        if head.note(key, signed[4:]) != note:
            raise Bad(Fault.FORM, "a head in another spelling")
        if issued_at > datetime.now(UTC) + CLOCKS_DIFFER_BY:
            raise Bad(Fault.FUTURE, issued_at.isoformat())
        return head


def mark_text(origin: str, number: int, digest: bytes) -> bytes:
    """Return what the sealer signs about one entry."""
    return MARK + f"{origin}\n{number}\n".encode() + digest


@dataclass
class Walk:
    """Follows a ledger from its first entry on and holds it against every head, stored or known."""

    key: Key
    known: Sequence[Head] = ()
    tree: Frontier = field(default_factory=Frontier)
    newest: Head | None = None
    unheld: list[Entry] = field(default_factory=list)  # since the last head that was right
    right: dict[Enum, int] = field(default_factory=dict)

    def take(self, entries: Sequence[Entry], notes: Iterable[str]) -> None:
        """Take the next entries, and the heads signed up to their end in the order of signing."""
        start = self.tree.size
        gaps = [number for number, entry in enumerate(entries, start) if entry[0] != number]
        if gaps:
            raise Bad(Fault.MISSING, f"entry {gaps[0]}", gaps[0])
        end, at = start + len(entries), 0
        heads = [(self._next(note, start, end), Fault.HEADS) for note in notes]
        heads += [(head, Fault.FORK) for head in self.known if start <= head.size <= end]
        for head, fault in sorted(heads, key=lambda one: one[0].size):
            self.tree.extend([entry[2] for entry in entries[at : head.size - start]])
            self.unheld, at = [*self.unheld, *entries[at : head.size - start]], head.size - start
            if self.tree.root() != head.root:
                self._blame(head, fault)
            self.unheld, self.right[fault] = [], head.size
        self.tree.extend([entry[2] for entry in entries[at:]])
        self.unheld += entries[at:]

    def _next(self, note: str, start: int, end: int) -> Head:
        head, last = Head.open(note, self.key), self.newest
        if head.size > end:
            raise Bad(Fault.MISSING, f"entry {end}", end)
        if head.size < start or (last and head.issued_at < last.issued_at):
            raise Bad(Fault.HEADS, f"a head of {head.size} entries out of turn", start)
        self.newest = head
        return head

    def _blame(self, head: Head, fault: Fault) -> None:
        for number, event_id, digest, mark in self.unheld:
            if not self.key.verifies(mark, mark_text(self.key.origin, number, digest)):
                raise Bad(Fault.ENTRY, f"entry {number}, event {UUID(bytes=event_id)}", number)
        where = f"head of {head.size} entries of {head.issued_at.isoformat()}"
        raise Bad(fault, where, self.right.get(fault, 0))

    def finish(self) -> Head:
        """Return the newest head; raise Bad unless it covers every entry and every head that is known."""
        if self.newest is None:
            raise Bad(Fault.HEADS, "there is none")
        if self.unheld:
            raise Bad(Fault.BEYOND, f"from entry {self.unheld[0][0]}", self.unheld[0][0])
        size, at = self.tree.size, self.newest.issued_at
        if any(one.size > size or one.issued_at > at for one in self.known):
            raise Bad(Fault.OLDER, f"it ends after {size} entries, at {at.isoformat()}", size)
        return self.newest


def parsed(text: str, names: set[str], kind: str | None = None) -> dict[str, Any]:
    """Return an object of JSON in its one right spelling; raise Bad for any other."""
    data: Any = None
    with suppress(ValueError, RecursionError):
        data = json.loads(text)
    if not isinstance(data, dict) or set(data) != names or json.dumps(data, **SPELLING) != text:
        raise Bad(Fault.FORM, "names or spelling of JSON")
    if data.get("kind") != kind:
        raise Bad(Fault.FORM, f"this is no {kind}")
    return data


def check_bundle(lines: Iterator[str], walk: Walk) -> Head:
    """Walk over an exported ledger, line by line; raise Bad at the first thing that is wrong."""
    origin = parsed(next(lines, "").rstrip("\n"), {"kind", "origin"}, BUNDLE)["origin"]
    if origin != walk.key.origin:
        raise Bad(Fault.OTHER_LOG, repr(origin)[:80])
    entries: list[Entry] = []
    for line in lines:
        is_head = line.startswith('{"head"')
        data = parsed(line.rstrip("\n"), {"head"} if is_head else {"entry", "leaf", "mark"})
        if is_head:
            walk.take(entries, [str(data["head"])])
            entries = []
        else:
            content, mark = unbase64(data["leaf"]), unbase64(data["mark"], 64)
            if type(data["entry"]) is not int or len(entries) == MOST_ENTRIES:
                raise Bad(Fault.FORM, "the number of an entry, or entries without a head")
            entries.append((data["entry"], content[26:42].ljust(16), leaf_hash(content), mark))
    walk.take(entries, [])
    return walk.finish()


def path_of(text: Any) -> list[bytes]:
    """Return the hashes of a proof."""
    content = unbase64(text)
    if len(content) % 32:
        raise Bad(Fault.FORM, "a path")
    return [content[at : at + 32] for at in range(0, len(content), 32)]


def check_receipt(text: str, key: Key) -> tuple[Head, bytes]:
    """Return the head that a receipt leads to and the entry it is about; raise Bad if it leads nowhere."""
    data = parsed(text, {"kind", "leaf", "proof", "head"}, RECEIPT)
    head = Head.open(str(data["head"]), key)
    content, proof = unbase64(data["leaf"]), data["proof"]
    kinds = {name: type(value) for name, value in proof.items()} if isinstance(proof, dict) else {}
    if kinds != {"index": int, "path": str, "size": int}:
        raise Bad(Fault.FORM, "the proof")
    path, size = path_of(proof["path"]), proof["size"]
    root = root_of_inclusion(proof["index"], size, leaf_hash(content), path)
    if (size, root) != (head.size, head.root):
        raise Bad(Fault.PROOF, "another root than the signed one")
    return head, content


def check_heads(old: Head, new: Head, path: list[bytes]) -> None:
    """Check that one head extends another (RFC 9162, 2.1.4.2); raise Bad if it is not shown."""
    if old.size > new.size or old.issued_at > new.issued_at:
        raise Bad(Fault.OLDER, f"{new.size} entries, {old.size} are known, or of an earlier time")
    if old.size in {0, new.size}:
        if path or old.root != (new.root if old.size else Frontier().root()):
            raise Bad(Fault.FORK, f"two trees of {old.size} entries")
        return
    steps = [old.root, *path] if old.size & (old.size - 1) == 0 else path
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not steps:
        raise Bad(Fault.PROOF, "the path is too short")
    was = becomes = steps[0]
    for other, is_left in _climb(place, last, steps[1:]):
        was = node_hash(other, was) if is_left else was
        becomes = node_hash(other, becomes) if is_left else node_hash(becomes, other)
    if (was, becomes) != (old.root, new.root):
        raise Bad(Fault.PROOF, "the path does not join the two heads")


def heads_in(path: Path, key: Key, most: int = 10**9) -> list[Head]:
    """Return the newest heads of a file: one note, or one after the other as in an anchor file."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - most * LONGEST_HEAD))
        lines = file.read().replace(b"\r\n", b"\n").splitlines(keepends=True)[-6 * most :]
    return [Head.open(b"".join(lines[at : at + 6]).decode(), key) for at in range(0, len(lines), 6)]


def run(verb: str, file: Path, key: Key, known: list[Head], path: list[bytes]) -> Head:
    """Verify one file; return the newest head that it leads to."""
    if verb == "bundle":
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            return check_bundle(iter(lambda: lines.readline(MOST_CHARACTERS), ""), Walk(key, known))
    if verb == "receipt":
        head, content = check_receipt(file.read_text("utf-8"), key)
        sys.stdout.write(f"a receipt of event {UUID(bytes=content[26:42].ljust(16, bytes(1)))}\n")
    else:
        head = heads_in(file, key)[-1]
    for old in known:
        check_heads(old, head, path)
    return head


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("verb", choices=("bundle", "receipt", "head"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the public key that you trust")
    parser.add_argument("--head", type=Path, help="a head that you hold, or an anchor file")
    parser.add_argument("--proof", type=Path, help="the proof that joins your head and a newer one")
    options = parser.parse_args(arguments)
    try:
        key = Key.read(options.key.read_text("utf-8"))
        path = path_of(options.proof.read_text("utf-8").strip()) if options.proof else []
        known = heads_in(options.head, key) if options.head else []
        head = run(options.verb, options.file, key, known, path)
    except Bad as bad:
        sys.stderr.write(f"BAD ({bad.fault.name}): {bad}\n")
        return int(bad.fault.value[0])
    except (OSError, EOFError, UnicodeDecodeError, IndexError, zlib.error) as error:
        sys.stderr.write(f"a file can not be read: {error}\n")
        return 2
    sys.stdout.write(f"good: {head.size} entries, signed {head.issued_at} by {head.origin}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
