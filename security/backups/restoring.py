"""A restore, step by step: everything is authenticated before anything is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from security.backups import age, dump, making, manifest, places, sealed_files
from security.backups.age import Told, Written
from security.backups.dump import KEYS
from security.backups.faults import RestoreRefused
from security.backups.manifest import Manifest

LOCK = 0x_CD_05_70_B2


class Text:
    """A writer into memory, for what is small."""

    def __init__(self, most: int) -> None:
        self.content, self._most = bytearray(), most

    def write(self, part: bytes) -> None:
        """Take some bytes; refuse more than there may be."""
        self.content += part
        if len(self.content) > self._most:
            raise RestoreRefused("the manifest is damaged")


@dataclass(frozen=True, slots=True)
class Set:
    """One set in its folder, its manifest opened, its archives not yet looked at."""

    folder: Path
    manifest: Manifest

    @property
    def size(self) -> int:
        """Return the bytes of its archives."""
        return sum(one.size for one in self.manifest.archives.values())

    def verify(self, told: Told) -> None:
        """Hold every archive against its digest; raise RestoreRefused for one that is not what was made."""
        for name, wanted in self.manifest.archives.items():
            _verify(self.folder / name, wanted, told)


def _verify(path: Path, wanted: Written, told: Told) -> None:
    try:
        size, digest = age.digest_of(path, told)
    except OSError:
        raise RestoreRefused(f"{path.name} is missing in {path.parent.name}") from None
    if size != wanted.size:
        raise RestoreRefused(
            f"{path.name} has {size} bytes and should have {wanted.size}: it was cut"
        )
    if digest != wanted.sha256:
        raise RestoreRefused(f"{path.name} is damaged: it is not what the backup wrote")


def opened(folder: Path, kind: str, identities: list[Any]) -> Set:
    """Open the manifest of a set; raise RestoreRefused where it is none of this product."""
    text = Text(manifest.MOST_BYTES)
    if not (folder / manifest.NAME).is_file():
        raise RestoreRefused(f"{folder} holds no backup")
    age.open_into(folder / manifest.NAME, identities, text)
    return Set(folder, manifest.read(bytes(text.content), kind=kind, name=folder.name))


def newest_keys(root: Path, records: str) -> Path:
    """Return the newest set of data keys, which knows of every erasure since the records were dumped."""
    names = [name for name in places.sets(root) if name >= records[: places.TIME]]
    if not names:
        raise RestoreRefused(f"there are no data keys in {root} that are as new as the records")
    return root / names[-1]


def require_empty() -> None:
    """Raise RestoreRefused unless database and folder of files hold nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        )
        if cursor.fetchone()[0]:
            name = connection.settings_dict["NAME"]
            raise RestoreRefused(f"the database {name} is not empty; restore into a new one")
    root = Path(settings.FILES_DIR)
    if root.is_dir() and any(root.iterdir()):
        raise RestoreRefused(f"the folder of sealed files {root} is not empty")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the one restore into this database that may run: of two, one would empty what the other wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RestoreRefused("another restore into this database is running")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def write(records: Set, keys: Set, identities: list[Any], told: Told) -> int:
    """Bring tables, rows, data keys and files back; return how many files there were."""
    for one, name in ((records, making.RECORDS), (keys, making.KEYS)):
        dump.restore(parts=partial(_open, one, name, identities, told))
    move_keys(records.manifest.moved_keys)
    with closing(sealed_files.Unpacked()) as unpacked:
        _open(records, making.FILES, identities, told, unpacked)
    return unpacked.files


def _open(one: Set, name: str, identities: list[Any], told: Told, target: Any) -> None:
    """Open an archive into a writer; raise RestoreRefused where it is not the one that was verified."""
    opened = age.open_into(one.folder / name, identities, target, told)
    wanted = one.manifest.archives[name]
    if (opened.size, opened.digest.hexdigest()) != (wanted.content_size, wanted.content_sha256):
        raise RestoreRefused(f"{name} was changed after it was verified")


def move_keys(moved: Mapping[str, str]) -> None:
    """Let each key open for whom it opened when the records were dumped: the keys may be of a later night."""
    with transaction.atomic(), connection.cursor() as cursor:
        back = f"UPDATE {KEYS} SET subject_id = created_for WHERE subject_id <> created_for"  # noqa: S608
        cursor.execute(back)
        cursor.executemany(
            f"UPDATE {KEYS} SET subject_id = %s WHERE id = %s",  # noqa: S608
            [(subject, key) for key, subject in moved.items()],
        )


def empty_again() -> None:
    """Take away what a restore that failed has left where nothing was before it."""
    root = Path(settings.FILES_DIR)
    for path in root.iterdir() if root.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")


def differences(records: Set, keys: Set, counted: Callable[[], dict[str, int]]) -> list[str]:
    """Return the tables that do not hold as many rows as the backup says."""
    wanted = {
        table: count
        for table, count in records.manifest.tables.items()
        if table not in records.manifest.left_out
    } | {KEYS: keys.manifest.tables[KEYS]}
    found = counted()
    return sorted(table for table, count in wanted.items() if found.get(table) != count)
