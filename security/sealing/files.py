"""Sealed files, format 1: chunks of AES-256-GCM under a key of the file's own, kept in its row's envelope.

    header     = magic "CF" | format u8 | algorithm u8 | file id (16 bytes) | chunk size u32
    chunk      = ciphertext and tag of at most `chunk size` bytes; only the last one may be shorter
    nonce      = 3 zero bytes | number of the chunk u64 | 1 for the last chunk, else 0
    associated = the header

A chunk that is missing, moved, doubled or from another file does not open, and a file cut between two
chunks has no last one. The key opens one file only, so that counting nonces never meet.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from security.ids import new_id
from security.sealing.errors import SealBroken

HEADER = struct.Struct(">2sBB16sI")
MAGIC, FORMAT, AES_256_GCM = b"CF", 1, 1
CHUNK = 64 * 1024
TAG = 16
_NONCE = struct.Struct(">3xQB")


class TooLarge(Exception):
    """More bytes came than the file may have; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a row keeps of its file: where it lies, what opens it, and what it was."""

    file_id: UUID
    key: str
    size: int
    sha256: str


def path_of(file_id: UUID) -> Path:
    """Return where a file lies; the name says nothing of its content or owner."""
    name = file_id.hex
    return Path(settings.FILES_DIR) / name[-2:] / name


def write(content: Iterable[bytes], *, most: int) -> Written:
    """Seal a stream into a new file; raise TooLarge beyond `most` bytes. On any error nothing stays."""
    file_id, key = new_id(), os.urandom(32)
    path = path_of(file_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("xb") as file:
            os.chmod(unfinished, 0o600)
            size, digest = _seal(content, file, file_id, AESGCM(key), most)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _settle(path.parent)
    except BaseException:
        # Not caught: even an interrupted upload leaves no rest on the disk.
        unfinished.unlink(missing_ok=True)
        raise
    return Written(file_id, key.hex(), size, digest)


def _settle(folder: Path) -> None:
    """Wait until the name of a file is on the disk as well: the row that holds it comes after."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _seal(
    content: Iterable[bytes], file: IO[bytes], file_id: UUID, cipher: AESGCM, most: int
) -> tuple[int, str]:
    header = HEADER.pack(MAGIC, FORMAT, AES_256_GCM, file_id.bytes, CHUNK)
    file.write(header)
    waiting, size, number, digest = bytearray(), 0, 0, hashlib.sha256()
    for part in content:
        size += len(part)
        if size > most:
            raise TooLarge
        digest.update(part)
        waiting += part
        while len(waiting) > CHUNK:
            file.write(cipher.encrypt(_NONCE.pack(number, 0), bytes(waiting[:CHUNK]), header))
            del waiting[:CHUNK]
            number += 1
    file.write(cipher.encrypt(_NONCE.pack(number, 1), bytes(waiting), header))
    return size, digest.hexdigest()


def read(file_id: UUID, key: str) -> Iterator[bytes]:
    """Yield the content of a file chunk by chunk, each verified before it is given out.

    Raises SealBroken where a chunk is altered, moved, missing or of another file, at the latest at the end:
    who shows content to people gathers it first (`read_all`).
    """
    try:
        with path_of(file_id).open("rb") as file:
            yield from _open(file, file_id, AESGCM(bytes.fromhex(key)))
    except (OSError, ValueError) as error:
        raise SealBroken("security.file", "file", "missing or no longer readable") from error


def read_all(file_id: UUID, key: str) -> bytes:
    """Return the whole content of a file, verified to its end; raise SealBroken."""
    return b"".join(read(file_id, key))


def _open(file: IO[bytes], file_id: UUID, cipher: AESGCM) -> Iterator[bytes]:
    header = file.read(HEADER.size)
    if header != HEADER.pack(MAGIC, FORMAT, AES_256_GCM, file_id.bytes, CHUNK):
        raise SealBroken("security.file", "file", "not the file of this row")
    number, part = 0, file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_NONCE.pack(number, 0 if following else 1), part, header)
        except InvalidTag as error:
            raise SealBroken("security.file", "file", "not what was sealed") from error
        if not following:
            return
        number, part = number + 1, following


def remove(file_id: UUID) -> None:
    """Delete a file; one that is gone already stays gone."""
    with suppress(FileNotFoundError):
        path_of(file_id).unlink()
