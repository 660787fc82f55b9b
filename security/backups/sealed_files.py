"""The sealed files as one tar stream, out of the folder and into an empty one."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import models

from security.backups.dump import Snapshot
from security.backups.faults import RestoreRefused
from security.sealing import files

# Every model that holds a sealed file calls the column so.
COLUMN = "file_id"
PIECE = 256 * 1024
BATCH = 1000


@dataclass(slots=True)
class Counted:
    """How many files went in, and how many a row names that are not there."""

    files: int = 0
    missing: int = 0


def tables() -> list[str]:
    """Return the tables whose rows name sealed files."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if column.name == COLUMN and isinstance(column, models.UUIDField)
    )


def packed(moment: Snapshot, counted: Counted) -> Iterator[bytes]:
    """Yield a tar of every sealed file that a row names at that moment."""
    for table in tables():
        after = UUID(int=0)
        while ids := [row[0] for row in moment.rows(
            f"SELECT DISTINCT {COLUMN} FROM {moment.connection.ops.quote_name(table)}"  # noqa: S608
            f" WHERE {COLUMN} > %s ORDER BY 1 LIMIT {BATCH}", [after],
        )]:  # fmt: skip
            for file_id in ids:
                yield from _packed_one(file_id, counted)
            after = ids[-1]
    yield bytes(tarfile.RECORDSIZE)


def _packed_one(file_id: UUID, counted: Counted) -> Iterator[bytes]:
    path = files.path_of(file_id)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        counted.missing += 1
        return
    with file:
        size = os.fstat(file.fileno()).st_size
        entry = tarfile.TarInfo(f"{path.parent.name}/{path.name}")
        entry.size, entry.mode = size, 0o600
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        left = size
        while left and (part := file.read(min(PIECE, left))):
            left -= len(part)
            yield part
        # A sealed file never changes; one that shrinks would move every file after it.
        yield bytes(left + -size % tarfile.BLOCKSIZE)
    counted.files += 1


class Unpacked:
    """A writer that takes the tar stream in pieces and writes its files into the folder of sealed files."""

    def __init__(self) -> None:
        self.files = 0
        self._root = Path(settings.FILES_DIR)
        self._waiting, self._left, self._padding = bytearray(), 0, 0
        self._file: IO[bytes] | None = None

    def write(self, part: bytes) -> None:
        """Take the next bytes, cut anywhere."""
        self._waiting += part
        while self._step():
            pass

    def _step(self) -> bool:
        if self._file is not None:
            piece = self._taken(self._left)
            self._file.write(piece)
            self._left -= len(piece)
            if self._left:
                return False
            self.close()
        if self._padding:
            self._padding -= len(self._taken(self._padding))
            if self._padding:
                return False
        if len(self._waiting) < tarfile.BLOCKSIZE:
            return False
        self._begin(self._taken(tarfile.BLOCKSIZE))
        return True

    def _taken(self, most: int) -> bytes:
        piece = bytes(self._waiting[:most])
        del self._waiting[:most]
        return piece

    def _begin(self, header: bytes) -> None:
        if not any(header):
            return
        try:
            entry = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
            path = files.path_of(UUID(hex=Path(entry.name).name))
        except (tarfile.HeaderError, ValueError):
            raise RestoreRefused("the archive of files holds something else") from None
        # The name alone decides where a file goes, so nothing leaves the folder.
        if not entry.isreg() or path != self._root / entry.name:
            raise RestoreRefused("the archive of files holds something else")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._left, self._padding = entry.size, -entry.size % tarfile.BLOCKSIZE
        self.files += 1

    def close(self) -> None:
        """Close the file that is being written."""
        if self._file is not None:
            self._file.close()
            self._file = None
