"""Recognising an uploaded file while it streams by: encoding, column mark, headings, and what is no table."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from patients.imports.faults import Unreadable
from patients.imports.reading import LONGEST_LINE, Layout, rows

HEAD = 256 * 1024
MOST_COLUMNS = 200
SAMPLE_ROWS = 5
DELIMITERS = ",;\t|"
ENCODINGS = ("utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "windows-1252")
# What a file begins with tells what it is, whatever its name says.
_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "archive"), (b"PK\x05\x06", "archive"), (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"), (b"\xfd7zXZ", "archive"), (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"), (b"(\xb5/\xfd", "archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
    (b"%PDF", "not_text"), (b"\x89PNG", "not_text"), (b"\xff\xd8\xff", "not_text"),
    (b"GIF8", "not_text"), (b"\x7fELF", "not_text"), (b"MZ\x90", "not_text"),
)  # fmt: skip

_CONTROLS = [bytes([code]) for code in range(1, 32) if code not in (9, 10, 13)]
# A line of so many bytes is longer than any that is read, in every encoding.
LONGEST_RUN = 4 * LONGEST_LINE


@dataclass(frozen=True, slots=True)
class Found:
    """What was recognised: how to read the file, its headings and first rows, about how many rows."""

    layout: Layout
    headings: list[str]
    sample: list[list[str]]
    rows: int


class Watch:
    """Looks at the bytes of an upload as they pass by."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.lines = 0
        self.is_utf8 = True
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._run = 0

    def passing(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the parts unchanged; raise Unreadable at the first sight of what is no table."""
        for part in parts:
            if len(self.head) < HEAD:
                self.head += part[: HEAD - len(self.head)]
                self._refuse_signs()
            self.lines += part.count(b"\n") or part.count(b"\r")
            self._measure(part)
            if self.is_utf8:
                try:
                    self._utf8.decode(part)
                except UnicodeDecodeError:
                    self.is_utf8 = False
            yield part

    def _measure(self, part: bytes) -> None:
        end = max(part.rfind(b"\n"), part.rfind(b"\r"))
        self._run = len(part) - end - 1 + (self._run if end < 0 else 0)
        if self._run > LONGEST_RUN:
            raise Unreadable("line_too_long")

    def _refuse_signs(self) -> None:
        for sign, code in _SIGNS:
            if self.head.startswith(sign):
                is_workbook = code == "archive" and b"[Content_Types].xml" in self.head
                raise Unreadable("workbook" if is_workbook else code)

    def found(self) -> Found:
        """Return what was recognised; raise Unreadable where it is no table with rows."""
        head = bytes(self.head)
        if not head.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
            raise Unreadable("empty")
        encoding = self._encoding(head)
        return look(head, encoding, lines=self.lines)

    def _encoding(self, head: bytes) -> str:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in head and (found := _wide(head)) != "utf-8":
            return found
        if sum(map(head.count, _CONTROLS)) > len(head) // 50:
            raise Unreadable("not_text")
        if self.is_utf8 or _is_mostly_utf8(head):
            return "utf-8"
        return "windows-1252" if _is_western(head) else "gb18030"


def look(head: bytes, encoding: str, *, delimiter: str = "", lines: int = 0) -> Found:
    """Return headings and first rows as an encoding reads them; raise Unreadable."""
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    mark = delimiter or _delimiter(text)
    layout = Layout(encoding, mark)
    headings: list[str] = []
    sample: list[list[str]] = []
    try:
        for record in rows([head], layout):
            if not headings:
                headings = [cell.strip() for cell in record.cells]
            elif record.cells:
                sample.append([cell[:200] for cell in record.cells])
            if len(sample) >= SAMPLE_ROWS:
                break
    except Unreadable as reason:
        # The head may be cut inside of a quoted cell; the check reads on.
        if reason.code != "quote_open" or not headings:
            raise
    _refuse_headings(headings)
    if not sample:
        raise Unreadable("no_rows")
    return Found(layout, headings, sample, max(lines - 1, len(sample)))


def _refuse_headings(headings: list[str]) -> None:
    if len([name for name in headings if name]) < 2:
        raise Unreadable("one_column")
    if len(headings) > MOST_COLUMNS:
        raise Unreadable("too_many_columns")
    named = [name.casefold() for name in headings if name]
    if len(named) != len(set(named)):
        raise Unreadable("headings")


def _delimiter(text: str) -> str:
    """Return the mark that parts the headings best; quoted cells do not count."""
    line = next((line for line in text.splitlines() if line.strip()), "")

    def columns(mark: str) -> int:
        try:
            return len(next(csv.reader([line], delimiter=mark), []))
        except csv.Error:
            return line.count(mark) + 1

    return max(DELIMITERS, key=columns)


def _wide(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    many = len(head) // 50
    if odd > many and not even:
        return "utf-16-le"
    if even > many and not odd:
        return "utf-16-be"
    # Some cells hold a NUL; a file that is full of them is no text.
    if even + odd > many + 8:
        raise Unreadable("not_text")
    return "utf-8"


def _is_mostly_utf8(head: bytes) -> bool:
    """Tell whether a file is UTF-8 with some foreign bytes, which are then reported row by row."""
    text = head.decode("utf-8", "replace")
    wide = sum(1 for letter in text if letter > "\x7f" and letter != "�")
    return 0 < wide >= text.count("�")


def _is_western(head: bytes) -> bool:
    """Tell single accented letters from pairs of bytes: in GB 18030 high bytes come in pairs."""
    high = [index for index, byte in enumerate(head) if byte >= 0x80]
    places = set(high)
    alone = sum(1 for index in high if index - 1 not in places and index + 1 not in places)
    return alone * 2 > len(high)
