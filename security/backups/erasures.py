"""The ledger of erasures: a file outside the database that a restore reads before anybody does.

A backup of yesterday holds whom we erased today. Each erasure stands in this file before the database is
touched; after a restore every one of them is done again. Lines hold ids alone and are only ever appended:
each carries the mark of the one before it, and a mark (HMAC-SHA-256 under a key of the keyring) that nobody
else can make. Manifests of backups name the last line that they saw, so that a file that lost its end shows.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from security.backups.faults import RestoreRefused
from security.sealing import keyring
from security.sealing.errors import KeyringError

NAME = "erasures.ledger"
PURPOSE = "erasure ledger"
BEGUN, INTENT, DONE, GIVEN_UP = "begun", "intent", "done", "given_up"


class LedgerBroken(RestoreRefused):
    """The ledger of erasures is not what was written; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its place, its mark, what it says and about which erasure."""

    number: int
    mark: str
    kind: str
    erasure: str
    body: Mapping[str, Any]

    @property
    def subjects(self) -> list[UUID]:
        """Return whose data it is about."""
        return [UUID(one) for one in self.body.get("subjects", ())]


@dataclass(frozen=True, slots=True)
class Head:
    """The last line that somebody saw."""

    number: int = 0
    mark: str = ""


# What does an erasure again after a restore; the app that plans erasures fills it at start-up.
Replay = Callable[[Line], int]
replays: list[Replay] = []


def replayer(replay: Replay) -> Replay:
    """Register what does an erasure again; it returns how many rows and keys it found."""
    replays.append(replay)
    return replay


def path() -> Path:
    """Return where the ledger lies: beside the data keys of backups, unless a setting says otherwise."""
    if settings.ERASURE_LEDGER:
        return Path(settings.ERASURE_LEDGER)
    folder = settings.BACKUP_KEYS_DIR
    return (Path(folder) if folder else settings.VAR_DIR) / NAME


def beside(keys: Path) -> Path:
    """Return where the ledger of a backup lies whose data keys are in a folder."""
    return Path(settings.ERASURE_LEDGER) if settings.ERASURE_LEDGER else keys.parent / NAME


def append(kind: str, *, erasure: UUID, **body: Any) -> Head:
    """Write one line, and return when it is on the disk."""
    with _held(path()) as file:
        last = _last(file)
        return _write(file, last, {"kind": kind, "erasure": str(erasure)} | body)


def head() -> Head:
    """Return the last line, after beginning the ledger where there is none yet."""
    with _held(path()) as file:
        last = _last(file)
        return last if last.number else _write(file, last, {"kind": BEGUN, "erasure": ""})


@contextmanager
def _held(place: Path) -> Iterator[Any]:
    # Never the folder of backups itself: where its disk is not mounted, nothing may be written in its place.
    place.parent.mkdir(parents=not settings.BACKUP_KEYS_DIR, exist_ok=True, mode=0o700)
    is_new = not place.exists()
    handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    if is_new:
        # The name of the file has to be on the disk as well.
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _last(file: Any) -> Head:
    file.seek(0)
    content = file.read()
    whole, _, rest = content.rpartition(b"\n")
    if rest:
        # A line that was being written when the power went: nothing was done in its name.
        file.truncate(len(whole) + 1 if whole else 0)
    lines = _lines(whole.decode())
    return Head(lines[-1].number, lines[-1].mark) if lines else Head()


def _write(file: Any, last: Head, said: Mapping[str, Any]) -> Head:
    version = keyring.installed().index_primary
    body = {
        **said, "number": last.number + 1, "before": last.mark, "at": timezone.now().isoformat(),
        "key_version": version,
    }  # fmt: skip
    mark = _mark(body, version)
    file.seek(0, os.SEEK_END)
    file.write(json.dumps(body | {"mark": mark}, sort_keys=True).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())
    return Head(last.number + 1, mark)


def _mark(body: Mapping[str, Any], version: int) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return keyring.index_digest(PURPOSE, text, version=version).hex()


def read(place: Path) -> list[Line]:
    """Return the lines of a ledger; raise LedgerBroken where one was altered, left out or moved."""
    try:
        content = place.read_text()
    except FileNotFoundError:
        raise LedgerBroken(f"the ledger of erasures {place} is missing") from None
    except (OSError, UnicodeDecodeError):
        raise LedgerBroken(f"the ledger of erasures {place} can not be read") from None
    # What stands behind the last line break was never finished, so nothing was done in its name.
    try:
        return _lines(content.rpartition("\n")[0])
    except KeyringError as error:
        raise LedgerBroken(
            f"the ledger of erasures was written with another keyring: {error}"
        ) from None


def _lines(content: str) -> list[Line]:
    found: list[Line] = []
    before = ""
    for number, text in enumerate(content.splitlines(), start=1):
        try:
            body = json.loads(text)
            mark, version = str(body.pop("mark")), int(body["key_version"])
            is_right = hmac.compare_digest(mark, _mark(body, version))
            line = Line(int(body["number"]), mark, str(body["kind"]), str(body["erasure"]), body)
        except (ValueError, KeyError, TypeError, AttributeError):
            is_right = False
        if not is_right or (line.number, body["before"]) != (number, before):
            raise LedgerBroken(f"line {number} of the ledger of erasures is not what was written")
        found.append(line)
        before = mark
    return found


def require(place: Path, seen: Sequence[Head]) -> list[Line]:
    """Return the lines of a ledger that holds all that backups saw of it; raise LedgerBroken."""
    wanted = [one for one in seen if one.number]
    if not wanted and not place.exists():
        # From before there was a ledger.
        return []
    lines = read(place)
    for one in wanted:
        if len(lines) < one.number:
            raise LedgerBroken(
                f"the ledger of erasures has {len(lines)} lines and the backup saw {one.number}: it was cut"
            )
        if lines[one.number - 1].mark != one.mark:
            raise LedgerBroken("the ledger of erasures is another one than the backup saw")
    return lines


def to_do(lines: Sequence[Line]) -> list[Line]:
    """Return the erasures that have to be true, each once, in their order."""
    given_up = {line.erasure for line in lines if line.kind == GIVEN_UP}
    first = {line.erasure: line for line in reversed(lines) if line.kind == INTENT}
    wanted = (line for line in first.values() if line.erasure not in given_up)
    return sorted(wanted, key=lambda line: line.number)


def replay(lines: Sequence[Line]) -> tuple[int, int]:
    """Do every erasure of a ledger again; return how many there were and how much they found."""
    wanted = to_do(lines)
    if wanted and not replays:
        raise LedgerBroken("nothing in this product knows how to do an erasure again")
    found = sum(one(line) for line in wanted for one in replays)
    return len(wanted), found
