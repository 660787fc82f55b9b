"""Streams encrypted with age (age-encryption.org/v1): written, read back, opened, never on disk in clear.

A server holds public keys only. To authenticate what it wrote it adds one recipient of its own, whose
private key lives in memory for this one backup and is never stored: whoever has the file opens it with
one of the configured keys, and nobody else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyrage
from django.conf import settings

from security.backups.faults import BackupFailed, Fault, RestoreRefused

PRIVATE = "AGE-SECRET-KEY-"
Told = Callable[[int], object]


class Writable(Protocol):
    """Where opened bytes go."""

    def write(self, part: bytes) -> Any:
        """Take some bytes."""


@dataclass(frozen=True, slots=True)
class Written:
    """One archive: its size and digest as it lies there, and those of its content."""

    size: int
    sha256: str
    content_size: int
    content_sha256: str


def recipients() -> list[Any]:
    """Return the configured public keys; raise BackupFailed where there are none or one is none."""
    lines = list(settings.BACKUP_RECIPIENTS)
    if settings.BACKUP_RECIPIENTS_FILE:
        try:
            lines += Path(settings.BACKUP_RECIPIENTS_FILE).read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            raise BackupFailed(Fault.NO_RECIPIENT) from None
    found = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    if not found:
        raise BackupFailed(Fault.NO_RECIPIENT)
    if any(PRIVATE in line.upper() for line in found):
        raise BackupFailed(Fault.PRIVATE_KEY)
    return [_recipient(line) for line in found]


def _recipient(line: str) -> Any:
    kind = pyrage.ssh if line.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(line)
    except pyrage.RecipientError:
        raise BackupFailed(Fault.BAD_RECIPIENT) from None


def witness() -> Any:
    """Return a private key for reading back; it must not outlive the backup it is made for."""
    return pyrage.x25519.Identity.generate()


def identities(path: Path) -> list[Any]:
    """Return the private keys of a file; raise RestoreRefused where there is none that can be read."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RestoreRefused(f"the private key {path} can not be read: {error}") from None
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in map(str.strip, lines)
                 if line.startswith(PRIVATE)]  # fmt: skip
    except pyrage.IdentityError:
        raise RestoreRefused(f"{path} holds no age private key") from None
    if not found:
        raise RestoreRefused(f"{path} holds no age private key")
    return found


class Counted:
    """A reader over parts that counts and digests what passes, and remembers why it stopped."""

    def __init__(self, parts: Iterable[bytes], told: Told) -> None:
        self._parts: Iterator[bytes] = iter(parts)
        self._told, self._rest = told, memoryview(b"")
        self.size, self.digest, self.error = 0, hashlib.sha256(), None

    size: int
    error: BaseException | None

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes; b"" at the end."""
        try:
            while not self._rest:
                part = next(self._parts, None)
                if part is None:
                    return b""
                self._take(part)
        except BaseException as error:
            # The library tells of a message only; the backup wants to know what it was.
            self.error = error
            raise
        most = len(self._rest) if most < 0 else most
        piece, self._rest = bytes(self._rest[:most]), self._rest[most:]
        return piece

    def _take(self, part: bytes) -> None:
        self._rest = memoryview(part)
        self.size += len(part)
        self.digest.update(part)
        self._told(len(part))


class Sink:
    """A writer that counts and digests what passes on its way, and remembers why it stopped."""

    def __init__(self, target: Writable | None = None, told: Told = int) -> None:
        self._target, self._told = target, told
        self.size, self.digest = 0, hashlib.sha256()
        self.error: BaseException | None = None

    def write(self, part: bytes) -> int:
        """Pass some bytes on."""
        try:
            if self._target is not None:
                self._target.write(part)
            self._told(len(part))
        except BaseException as error:
            self.error = error
            raise
        self.size += len(part)
        self.digest.update(part)
        return len(part)

    def flush(self) -> None:
        """Do nothing: what is behind flushes for itself."""


def seal(parts: Iterable[bytes], path: Path, keys: Sequence[Any], told: Told = int) -> Written:
    """Encrypt a stream into a new file and wait until it is on the disk."""
    source = Counted(parts, told)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        sink = Sink(file)
        try:
            pyrage.encrypt_io(source, sink, list(keys))
        except (pyrage.EncryptError, OSError) as error:
            raise (source.error or sink.error or error) from None
        file.flush()
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            # What is read back shall come from the disk, not from memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return Written(sink.size, sink.digest.hexdigest(), source.size, source.digest.hexdigest())


def read_back(path: Path, written: Written, key: Any, told: Told = int) -> None:
    """Open what was written, authenticated to its end; raise BackupFailed unless it is what was put in."""
    sink = Sink(told=told)
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, sink, [key])
    except (pyrage.DecryptError, OSError) as error:
        raise BackupFailed(Fault.READ_BACK, str(error)) from None
    if (sink.size, sink.digest.hexdigest()) != (written.content_size, written.content_sha256):
        raise BackupFailed(Fault.READ_BACK)


def open_into(path: Path, keys: Sequence[Any], target: Writable | None, told: Told = int) -> Sink:
    """Decrypt a file into a writer, each part authenticated before it is passed on; raise RestoreRefused."""
    sink = Sink(target, told)
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, sink, list(keys))
    except (pyrage.DecryptError, OSError) as error:
        if sink.error is not None:
            raise sink.error from None
        if "matching keys" in str(error):
            raise RestoreRefused(f"the private key does not open {path.name}") from None
        raise RestoreRefused(f"{path.name} is damaged: it was cut or altered") from None
    return sink


def digest_of(path: Path, told: Told = int) -> tuple[int, str]:
    """Return size and SHA-256 of a file as it lies there."""
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1024 * 1024):
            size += len(part)
            digest.update(part)
            told(len(part))
    return size, digest.hexdigest()
