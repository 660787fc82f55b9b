"""Matching the headings of a file with the columns of an importer, and reading its rows by that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import override

from patients.imports import cells
from patients.imports.faults import Fault, Wrong
from patients.imports.reading import Record
from patients.imports.registry import Importer, Line
from security.sealing.index import exact_hash

Mapped = Mapping[str, int]
MOST_FAULTS = 6


def folded(heading: str) -> str:
    """Return a heading without case, width, blanks and marks."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    return re.sub(r"[\W_]+", "", text)


def guess(importer: Importer, headings: Sequence[str]) -> dict[str, int]:
    """Return which column each heading most likely means, by key, label and synonyms."""
    places = {folded(name): place for place, name in reversed(list(enumerate(headings))) if name}
    found: dict[str, int] = {}
    for column in importer.columns:
        for name in _names(column):
            place = places.get(name)
            if place is not None and place not in found.values():
                found[column.key] = place
                break
    return found


def _names(column: Any) -> list[str]:
    labels = []
    for language in ("en", "zh-hans"):
        with override(language):
            labels.append(str(column.label))
    return [folded(name) for name in (column.key, *labels, *column.synonyms.split(","))]


def fingerprint(headings: Sequence[str]) -> bytes:
    """Return the 16 bytes by which a file with the same headings is recognised."""
    return exact_hash("import.headings", "\x1f".join(folded(name) for name in headings))


def missing(importer: Importer, mapped: Mapped) -> list[str]:
    """Return the keys of columns that have to be matched and are not."""
    needed = [one.key for one in importer.columns if one.is_required and one.key not in mapped]
    return needed + [group[0] for group in importer.one_of if not set(group) & set(mapped)]


def line_of(
    importer: Importer, record: Record, *, mapped: Mapped, width: int, day_order: str
) -> Line:
    """Return what a row says by the columns that were matched."""
    line = Line(record.number)
    if record.fault:
        line.refuse(record.fault)
        return line
    if len(record.cells) < width or any(cell.strip() for cell in record.cells[width:]):
        line.refuse("cell_count")
        return line
    for column in importer.columns:
        place = mapped.get(column.key)
        if place is not None:
            _read(line, column, record.cells[place], day_order)
    del line.faults[MOST_FAULTS:]
    return line


def _read(line: Line, column: Any, cell: str, day_order: str) -> None:
    found, code = cells.tidy(cell)
    if code:
        line.faults.append(Fault(code, column.key, is_warning=code == "invisible"))
    if code in ("undecodable", "control"):
        return
    if not found:
        if column.is_required:
            line.refuse("missing", column.key)
        return
    try:
        line.said[column.key] = column.read(found, day_order)
    except Wrong as wrong:
        line.refuse(wrong.code, column.key)
