"""What the sealer remembers outside the database: the tree it has signed, so that nobody rolls it back."""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from audit.verifier import Bad, Frontier, unbase64


class MemoryLost(Exception):
    """What the sealer remembers can not be read."""


@dataclass
class Memory:
    """The newest head that was signed and the tree under it."""

    tree: Frontier = field(default_factory=Frontier)
    note: str = ""
    number: int = 0


def read(path: Path) -> Memory | None:
    """Return what is remembered, None where nothing was signed yet; raise MemoryLost if it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        peaks = [unbase64(peak, 32) for peak in content["peaks"]]
        tree = Frontier(int(content["size"]), peaks)
        memory = Memory(tree, str(content["note"]), int(content["number"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, Bad) as error:
        raise MemoryLost(f"{path}: {type(error).__name__}") from None
    if len(peaks) != tree.size.bit_count():
        raise MemoryLost(f"{path}: a tree of {tree.size} entries has other peaks")
    return memory


def write(path: Path, memory: Memory) -> None:
    """Remember, in one step that a crash can not tear."""
    content = {
        "size": memory.tree.size,
        "peaks": [base64.b64encode(peak).decode() for peak in memory.tree.peaks],
        "note": memory.note,
        "number": memory.number,
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def append(path: Path, note: str) -> None:
    """Add a signed head to the anchor file, which is never written otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        before = os.fstat(handle).st_size
        try:
            content = note.encode()
            while content:
                content = content[os.write(handle, content) :]
            os.fsync(handle)
        except OSError:
            # Half a head would make the whole file unreadable for whoever verifies with it.
            with suppress(OSError):
                os.ftruncate(handle, before)
            raise
    finally:
        os.close(handle)
