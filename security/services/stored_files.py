"""Sealed files that no row holds: what an interrupted upload left behind is deleted after a day."""

from __future__ import annotations

from collections.abc import Iterator
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
    """Delete files that no row holds and that are older than a day; return how many there were."""
    before = (timezone.now() - PATIENCE).timestamp()
    old = (path for path in _all() if path.stat().st_mtime < before)
    gone = 0
    while batch := list(islice(old, BATCH)):
        ids = {path: _id(path) for path in batch}
        held = _held({one for one in ids.values() if one is not None})
        for path, file_id in ids.items():
            if file_id is None or file_id not in held:
                path.unlink(missing_ok=True)
                gone += 1
    if gone:
        trail.record("security.file.swept", counts={"files": gone})
    return gone


def _all() -> Iterator[Path]:
    folder = Path(settings.FILES_DIR)
    return (path for path in folder.glob("??/*") if path.is_file())


def _id(path: Path) -> UUID | None:
    """Return whose file it is; an unfinished one is nobody's."""
    try:
        return UUID(hex=path.name)
    except ValueError:
        return None


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
