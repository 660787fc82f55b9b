"""Reading a table row by row: never more than one row and one chunk of the file in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from patients.imports.faults import Unreadable

LONGEST_LINE = 1_000_000
MOST_LINES_OF_A_ROW = 2_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bytes of a file become cells."""

    encoding: str
    delimiter: str


@dataclass(slots=True)
class Record:
    """One row as it stands in the file; the headings are row 1."""

    number: int
    cells: list[str] = field(default_factory=list)
    fault: str = ""


class _Bytes(io.RawIOBase):
    """The parts of a file as a stream."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer with what is next."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _buffered(parts: Iterable[bytes]) -> Any:
    return io.BufferedReader(_Bytes(parts), 64 * 1024)


class _Lines:
    """Gives the lines to the parser and counts those of one row."""

    def __init__(self, parts: Iterable[bytes], encoding: str) -> None:
        # What does not decode becomes a mark by which its row is refused.
        name = "utf-8-sig" if encoding == "utf-8" else encoding
        self._text = io.TextIOWrapper(_buffered(parts), name, "replace", newline="")
        self.row, self.taken, self.letters = 1, 0, 0

    def begin(self, row: int) -> None:
        """Begin to count for the next row."""
        self.row, self.taken, self.letters = row, 0, 0

    def __iter__(self) -> Iterator[str]:
        """Return the lines."""
        return self

    def __next__(self) -> str:
        """Return the next line; refuse one without end, and a row without end."""
        try:
            line = self._text.readline(LONGEST_LINE + 1)
        except UnicodeError:
            raise Unreadable("encoding", self.row) from None
        if not line:
            raise StopIteration
        if len(line) > LONGEST_LINE:
            raise Unreadable("line_too_long", self.row)
        self.taken += 1
        self.letters += len(line)
        if self.taken > MOST_LINES_OF_A_ROW or self.letters > LONGEST_LINE:
            raise Unreadable("quote_open", self.row)
        return line


def rows(parts: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    """Yield every row that is not blank, the headings first; raise Unreadable where rows lose their ends."""
    lines = _Lines(parts, layout.encoding)
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    number = 0
    while True:
        number += 1
        lines.begin(number)
        try:
            cells = next(reader, None)
        except csv.Error:
            # Over several lines the rows after it would be swallowed unseen.
            if lines.taken != 1:
                raise Unreadable("quote_open", number) from None
            is_long = lines.letters > csv.field_size_limit()
            yield Record(number, fault="too_long" if is_long else "quotes")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Record(number, cells)


def data(parts: Iterable[bytes], layout: Layout) -> Iterator[Record]:
    """Yield the rows below the headings."""
    found = rows(parts, layout)
    next(found, None)
    return found
