"""Sealed files that no row holds: what an interrupted upload left behind is deleted after a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.utils import timezone

from security import trail
from security.sealing import files

# Every model that holds a sealed file calls the column so.
COLUMN = "file_id"
# An upload may still be on its way to its row.
PATIENCE = timedelta(days=1)
BATCH = 500
# An interrupted upload now and then leaves a file; hundreds at once mean an old or another database.
MOST_LOST, MOST_LOST_SHARE = 100, 0.05
NAME = re.compile(r"[0-9a-f]{32}(\.part)?")


class TooManyLost(Exception):
    """More files are held by no row than interrupted uploads explain; none was deleted."""


def holders() -> list[type[models.Model]]:
    """Return the models whose rows hold sealed files."""
    found = []
    for model in apps.get_models():
        try:
            field = model._meta.get_field(COLUMN)
        except FieldDoesNotExist:
            continue
        if isinstance(field, models.UUIDField):
            found.append(model)
    return found


@transaction.atomic
def sweep() -> int:
    """Delete files that no row holds and that lie here for a day; return how many there were.

    Raises TooManyLost, and deletes nothing, where so many are nobody's that the rows must be the wrong ones.
    """
    before = (timezone.now() - PATIENCE).timestamp()
    every, lost = 0, []
    old = (path for path in _all() if _here_since(path) < before)
    while batch := list(islice(old, BATCH)):
        every += len(batch)
        held = _held({UUID(hex=path.stem) for path in batch})
        lost += [path for path in batch if path.suffix or UUID(hex=path.stem) not in held]
    if len(lost) > max(MOST_LOST, every * MOST_LOST_SHARE):
        raise TooManyLost(f"{len(lost)} of {every} files are held by no row")
    if lost:
        trail.record("security.file.swept", counts={"files": len(lost)})
        transaction.on_commit(lambda: _delete(lost))
    return len(lost)


def _here_since(path: Path) -> float:
    # Not when its content was written: a file out of a backup keeps that, and its row may come after it.
    return path.lstat().st_ctime


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _all() -> Iterator[Path]:
    """Yield sealed files, whole or unfinished; what else lies in the folder is not ours to delete."""
    for path in Path(settings.FILES_DIR).glob("??/*"):
        is_ours = NAME.fullmatch(path.name) and path.stem.endswith(path.parent.name)
        if is_ours and path.is_file() and not path.is_symlink() and not path.parent.is_symlink():
            yield path


def _held(ids: set[UUID]) -> set[UUID]:
    held: set[UUID] = set()
    for model in holders():
        rows = model._base_manager.filter(**{f"{COLUMN}__in": ids})
        held.update(rows.values_list(COLUMN, flat=True))
    return held


def missing() -> Iterator[tuple[str, UUID]]:
    """Yield label and id of every row whose file is not on the disk, for a check after a restore."""
    for model in holders():
        rows = model._base_manager.exclude(**{COLUMN: None}).values_list("pk", COLUMN)
        for key, file_id in rows.iterator(chunk_size=BATCH):
            if not files.path_of(file_id).exists():
                yield model._meta.label_lower, key
