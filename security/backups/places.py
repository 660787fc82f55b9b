"""Folders of backups: a set is written beside its place, and moved there whole when it is good."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from security.backups.faults import BackupFailed, Fault

NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
UNFINISHED = ".part"
# So many letters of a name are its time.
TIME = len("20261124T194000Z")
# So much must be free in any case.
LEAST_FREE = 64 * 1024 * 1024


def new_name(now: datetime) -> str:
    """Return the name of a new set: its time, and something that no other has."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def made_at(name: str) -> datetime:
    """Return the time in the name of a set."""
    return datetime.strptime(name[:TIME], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def roots() -> tuple[Path, Path]:
    """Return the folders of records and of keys; raise BackupFailed where they can not take anything."""
    if not settings.BACKUP_DIR:
        raise BackupFailed(Fault.NOT_SET_UP)
    records, keys = Path(settings.BACKUP_DIR), Path(settings.BACKUP_KEYS_DIR)
    try:
        if keys.parent == records and records.is_dir():
            keys.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        raise BackupFailed(Fault.NO_TARGET, str(keys)) from None
    for root in (records, keys):
        if not root.is_dir() or not os.access(root, os.W_OK | os.X_OK):
            raise BackupFailed(Fault.NO_TARGET, str(root))
    return records, keys


def require_room(root: Path, wanted: int) -> None:
    """Raise BackupFailed unless a folder has room for so many bytes."""
    if shutil.disk_usage(root).free < max(wanted, LEAST_FREE):
        raise BackupFailed(Fault.NO_SPACE, str(root))


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold a folder against another server that backs up into it; raise BackupFailed."""
    handle = os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(Fault.BUSY, str(root)) from None
        yield
    finally:
        os.close(handle)


def begin(root: Path, name: str) -> Path:
    """Make the folder in which a set is written."""
    path = root / f"{name}{UNFINISHED}"
    path.mkdir(mode=0o700)
    return path


def publish(unfinished: Path) -> Path:
    """Move a finished set to its place, and wait until that is on the disk."""
    path = unfinished.with_suffix("")
    for folder in (unfinished, unfinished.parent):
        _settle(folder)
    unfinished.rename(path)
    _settle(path.parent)
    return path


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sets(root: Path) -> list[str]:
    """Return the names of the finished sets, the oldest first."""
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if NAME.fullmatch(path.name))


def remove(path: Path) -> None:
    """Delete a set; one that is gone already stays gone."""
    shutil.rmtree(path, ignore_errors=True)


def sweep_unfinished(root: Path) -> None:
    """Delete what a process that died has left, encrypted as it is."""
    for path in root.glob(f"*{UNFINISHED}"):
        if NAME.fullmatch(path.stem):
            remove(path)
