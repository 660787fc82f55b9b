"""Restores: into an empty database, from archives and keys that were authenticated first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from security import context, trail
from security.backups import dump, erasures, manifest, restoring
from security.backups.erasures import Head, Line
from security.backups.faults import BackupFailed, Fault, RestoreRefused
from security.backups.restoring import Set
from security.models import Backup
from security.sealing import index
from security.sealing.index import SearchIndex
from security.services import stored_files

BATCH = 500
Told = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restore: from when the state is, and how much of what came back."""

    made_at: datetime
    rows: int
    files: int
    indexed: int
    without_file: int
    erased: int = 0


def prepare(*, folder: Path, keys: Path | None, identities: list[Any]) -> tuple[Set, Set]:
    """Open both sets and make sure that there is room for them; nothing is written."""
    restoring.require_empty()
    records = restoring.opened(folder.resolve(), manifest.RECORDS, identities)
    if keys is None:
        keys = restoring.newest_keys(folder.resolve().parent / "keys", records.folder.name)
    elif not (keys / manifest.NAME).is_file():
        keys = restoring.newest_keys(keys.resolve(), records.folder.name)
    return records, restoring.opened(keys.resolve(), manifest.KEYS, identities)


def ledger_of(*, records: Set, keys: Set, place: Path | None = None) -> list[Line]:
    """Return what was erased since these sets were made, and before; raise RestoreRefused.

    Without the whole ledger a restore would bring back people who were erased.
    """
    seen = [Head(one.manifest.erasures, one.manifest.erasures_mark) for one in (records, keys)]
    return erasures.require(place or erasures.beside(keys.folder), seen)


def restore(
    *,
    records: Set,
    keys: Set,
    identities: list[Any],
    ledger: Sequence[Line] = (),
    told: Told = id,  # type: ignore[assignment]
) -> Restored:
    """Verify, bring everything back, erase again who was erased; a restore that fails leaves nothing."""
    size = records.size + keys.size
    for one in (records, keys):
        one.verify(lambda part: told("verify", part, size))
    with restoring.alone():
        # Verifying takes long; what was written meanwhile must not be emptied.
        restoring.require_empty()
        return _brought_back(records, keys, identities, ledger, told)


def _brought_back(
    records: Set, keys: Set, identities: list[Any], ledger: Sequence[Line], told: Told
) -> Restored:
    size = records.size + keys.size
    try:
        files = restoring.write(records, keys, identities, lambda part: told("restore", part, size))
        call_command("db_roles", verbosity=0, stdout=_Nobody())
        indexed = _rebuild_indexes(lambda part, of: told("index", part, of))
        different = restoring.differences(records, keys, _counted)
        if different:
            raise RestoreRefused(f"other counts than in the backup: {', '.join(different)}")
        # Before anybody can sign in: the backup may be older than an erasure.
        erased, _found = erasures.replay(ledger)
    except BaseException:
        # Half a restore must not be taken for a whole one.
        restoring.empty_again()
        raise
    without_file = sum(1 for _ in stored_files.missing())
    return _recorded(records, files, indexed, without_file, erased)


class _Nobody:
    """A listener for what a command says at a terminal."""

    def write(self, _text: str) -> None:
        """Hear it."""

    def flush(self) -> None:
        """Do nothing."""


def _counted() -> dict[str, int]:
    return dump.counts(dump.Snapshot(connection, "", 0))


def _rebuild_indexes(told: Callable[[int, int], object]) -> int:
    """Write every search index anew: rows are opened for it, and shown to nobody."""
    done = 0
    tables = [model for model in apps.get_models() if issubclass(model, SearchIndex)]
    for table in tables:
        model: Any = table._meta.get_field("row").related_model  # type: ignore[misc]
        total, last = model._base_manager.count(), None
        while rows := _next(model, last):
            with transaction.atomic(), context.matching():
                index.rebuild(rows, table)
            context.current().forget_keys()
            done, last = done + len(rows), rows[-1].pk
            told(len(rows), total)
    return done


def _next(model: Any, after: Any) -> list[Any]:
    rows = model._default_manager.order_by("pk")
    return list((rows.filter(pk__gt=after) if after else rows)[:BATCH])


@transaction.atomic
def _recorded(records: Set, files: int, indexed: int, without_file: int, erased: int) -> Restored:
    """Close what was running when the dump was made, and record the restore in the restored trail."""
    now, made_at = timezone.now(), datetime.fromisoformat(records.manifest.made_at)
    ended = list(Backup.objects.select_for_update().filter(state=Backup.State.RUNNING))
    for row in ended:
        row.state, row.fault, row.finished_at = Backup.State.FAILED, Fault.INTERRUPTED, now
        row.save()
    tables = records.manifest.tables
    rows = sum(count for name, count in tables.items() if name not in records.manifest.left_out)
    trail.record(
        "security.backup.restored",
        changed=ended,
        fields=[records.manifest.name],
        counts={
            "rows": rows,
            "files": files,
            "without_file": without_file,
            "indexed": indexed,
            "erased": erased,
        },
    )
    return Restored(made_at, rows, files, indexed, without_file, erased)


__all__ = ["BackupFailed", "RestoreRefused", "Restored", "prepare", "restore"]
