"""CSV files for tests, and the way from a file to rows as the browser and the worker go it."""

from __future__ import annotations

import csv
import io
from typing import Any

from patients.imports import registry
from patients.models import ImportBatch, ImportRowError
from patients.services import batch_runs, batches
from tests.patients import cast

HEAD = ("Record number", "Family name", "Given name", "Date of birth", "Sex", "Phone number")


def person(number: int, **cells: str) -> list[str]:
    """Return one good row."""
    row = {
        "Record number": f"P-{number:06d}",
        "Family name": f"Muster{number}",
        "Given name": "Mia",
        "Date of birth": "1980-05-01",
        "Sex": "female",
        "Phone number": f"138{number:08d}",
    } | cells
    return list(row.values())


def text_of(rows: list[list[str]], head: tuple[str, ...] = HEAD, mark: str = ",") -> str:
    """Return rows as a table."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark)
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def uploaded(
    user: Any, content: str | bytes, kind: str = "patients", **options: Any
) -> ImportBatch:
    """Upload a file."""
    raw = content if isinstance(content, bytes) else content.encode()
    parts = (raw[at : at + 65_536] for at in range(0, len(raw), 65_536))
    with cast.acting(user) as here:
        return batches.upload(
            importer=registry.importers[kind], file_name=options.pop("name", "people.csv"),
            content=parts, purpose=here.purpose, by=user,
        )  # fmt: skip


def checked(user: Any, content: str | bytes, kind: str = "patients", **options: Any) -> ImportBatch:
    """Upload a file, match it as guessed, and check it."""
    batch = uploaded(user, content, kind)
    with cast.acting(user):
        mapping = options.get("mapping", batch.mapping)
        batches.match(
            batch_id=batch.pk, version=batch.version, mapping=mapping,
            day_order=options.get("day_order", ""), by=user,
        )  # fmt: skip
    return worked(batch)


def brought(user: Any, content: str | bytes, kind: str = "patients", **options: Any) -> ImportBatch:
    """Bring a file in from the upload to the end."""
    batch = checked(user, content, kind, **options)
    with cast.acting(user):
        batches.start(batch_id=batch.pk, version=batch.version, by=user)
    return worked(batch)


def undone(user: Any, batch: ImportBatch) -> ImportBatch:
    """Undo an import to the end."""
    with cast.acting(user):
        batches.undo(batch_id=batch.pk, by=user)
    return worked(batch)


def worked(batch: ImportBatch) -> ImportBatch:
    """Let a worker go on with an import until nothing is left to do."""
    taken = batch_runs.take(batch.pk)
    assert taken is not None
    batch_runs.work(taken)
    return ImportBatch.objects.get(pk=batch.pk)


def faults(batch: ImportBatch, phase: str = "check") -> list[tuple[int, str, str]]:
    """Return what was wrong, by row."""
    rows = ImportRowError.objects.filter(batch=batch, phase=phase).order_by("row", "id")
    return list(rows.values_list("row", "column", "code"))


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Return how many rows are new, changed, unchanged, wrong."""
    return (batch.rows_created, batch.rows_changed, batch.rows_unchanged, batch.rows_failed)
