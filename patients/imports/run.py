"""One reading of an uploaded file: its rows from where the work stopped, each number seen once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from patients.imports import cells, matching, reading, registry
from patients.imports.faults import Unreadable
from patients.imports.reading import Layout, Record
from patients.imports.registry import Line, Plan
from patients.models import ImportBatch
from security.sealing import files

# More numbers are not remembered: a later row with an earlier number then meets the record itself.
MOST_SEEN = 3_000_000


class Run:
    """Reads an import's file; what was done before is passed over, its numbers remembered."""

    def __init__(self, batch: ImportBatch) -> None:
        if batch.file_id is None:
            raise Unreadable("file_gone")
        self.batch = batch
        self.importer = registry.importers[batch.importer]
        self.mapped = dict(batch.mapping or {})
        self.width = len(batch.headers or ())
        self.seen: set[int] = set()
        layout = Layout(batch.encoding, batch.delimiter)
        self.records: Iterator[Record] = reading.data(
            files.read(batch.file_id, batch.file_key or ""), layout
        )
        for record in islice(self.records, batch.rows_done):
            self._is_new(record)

    def lines(self, count: int) -> list[Line]:
        """Return the next lines, read by the columns that were matched."""
        return [self._line(record) for record in islice(self.records, count)]

    def _line(self, record: Record) -> Line:
        line = matching.line_of(
            self.importer,
            record,
            mapped=self.mapped,
            width=self.width,
            day_order=self.batch.day_order,
        )
        if not self._is_new(record) and not record.fault:
            line.refuse("twice", self.importer.identity)
        return line

    def _is_new(self, record: Record) -> bool:
        """Tell whether no row before had this number; it is remembered as a hash alone."""
        place = self.mapped.get(self.importer.identity)
        if place is None or place >= len(record.cells):
            return True
        text, _fault = cells.tidy(record.cells[place])
        number = hash(text)
        if not text or len(self.seen) >= MOST_SEEN:
            return True
        is_new = number not in self.seen
        self.seen.add(number)
        return is_new

    def plan(self, lines: Sequence[Line]) -> Plan:
        """Return what the good lines would change; what is wrong is noted on them."""
        good = [line for line in lines if not line.is_bad]
        return self.importer.plan(good) if good else Plan()
