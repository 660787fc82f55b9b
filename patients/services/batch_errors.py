"""The list of what was wrong with a file, row by row, as a table that no spreadsheet executes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from patients.imports import faults, reading, registry
from patients.imports.faults import Unreadable
from patients.imports.reading import Layout
from patients.models import ImportBatch
from patients.queries import batches
from security import trail
from security.exports import tables
from security.models import User
from security.sealing import files
from security.sealing.errors import SealBroken


@transaction.atomic
def table(*, batch: ImportBatch, by: User) -> bytes:
    """Return the list as CSV; with the uploaded cells for somebody who may read such data."""
    importer = registry.importers[batch.importer]
    with_cells = registry.may_read(by, importer) and batch.file_id is not None
    head = [_("Row"), _("Column"), _("What is wrong"), _("Counts as")]
    head += [_("Uploaded cell")] if with_cells else []
    cells = _Cells(batch) if with_cells else None
    masked = () if batches.sees_cells(by, batch, importer.masked) else importer.masked
    rows = list(_rows(batch, importer, cells, masked))
    fields = [f"{batch.seal_label}.file"] if with_cells else []
    trail.record(
        "patients.import.errors_downloaded", obj=batch, counts={"rows": len(rows)}, fields=fields, by=by
    )  # fmt: skip
    return b"".join(tables.written("csv", head, rows))


def _rows(
    batch: ImportBatch, importer: registry.Importer, cells: _Cells | None, masked: Collection[str]
) -> Iterator[list[Any]]:
    for number, found in batches.all_errors(batch):
        for error in found:
            column = importer.column(error.column)
            row = [
                number,
                str(column.label) if column else "",
                faults.sentence(error.code),
                _("note") if error.is_warning else _("error"),
            ]
            shown = cells is not None and error.column not in masked
            yield row + ([cells.of(number, error.column) if shown else ""] if cells else [])


class _Cells:
    """Reads the file along with the list; both are in the order of the rows."""

    def __init__(self, batch: ImportBatch) -> None:
        layout = Layout(batch.encoding, batch.delimiter)
        content = files.read(batch.file_id, batch.file_key or "") if batch.file_id else iter(())
        self._records = reading.data(content, layout)
        self._mapped = batch.mapping or {}
        self._now: reading.Record | None = None

    def of(self, number: int, column: str) -> str:
        """Return what stands in a cell; nothing where the file can not be read so far."""
        try:
            while self._now is None or self._now.number < number:
                self._now = next(self._records, reading.Record(2**62))
        except (Unreadable, SealBroken):
            self._now = reading.Record(2**62)
        place = self._mapped.get(column)
        if self._now.number != number or place is None or place >= len(self._now.cells):
            return ""
        return str(self._now.cells[place][:500])
