"""How much an import takes in at most; checked before and while a file or archive is unpacked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, counts, and how far unpacking may blow data up."""

    document: int = 64 * 1024 * 1024
    # What all documents of one archive may hold together.
    archive: int = 8 * 1024 * 1024 * 1024
    members: int = 100_000
    # JSON packs at most some 60:1; a bomb packs at 1000:1 and more.
    ratio: int = 250
    # Below this many bytes a high ratio says nothing.
    ratio_from: int = 4 * 1024 * 1024
    # What a decompressor may take to work.
    memory: int = 256 * 1024 * 1024


DEFAULT = Limits()
