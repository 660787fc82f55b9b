"""Tables as files: CSV (RFC 4180, UTF-8 with a mark that spreadsheets need) and XLSX.

No cell is ever a formula (CSV injection, ASVS 1.2.10): text that a spreadsheet would take for one gets an
apostrophe before it, in both forms, since a sheet is easily saved as CSV.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils import timezone

STARTERS = frozenset("=+-@|%")
# Where another spreadsheet begins a cell inside ours: its separator may be a semicolon, and then our quotes
# hold neither tabs nor line ends together.
INSIDE = re.compile(
    r"""([;\t\n][\s"\u200b-\u200f\u2060\ufeff]*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20\uff5c\uff05\ufe62\ufe63\ufe66\ufe6b\ufe6a])"""
)
MOST_ROWS = {"csv": 1_000_000, "xlsx": 50_000}
# What one cell of a sheet holds.
MOST_CHARACTERS = 32_000
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyRows(Exception):
    """More rows than a file of this kind holds."""


def harmless(text: str) -> str:
    """Return a text as a cell that stays text: no control characters, no start of a formula."""
    plain = "".join(letter for letter in text if letter in "\n\t" or _is_kept(letter))
    plain = INSIDE.sub(r"\1'", plain[:MOST_CHARACTERS])[:MOST_CHARACTERS]
    seen = (
        letter for letter in plain if not letter.isspace() and unicodedata.category(letter) != "Cf"
    )
    # Full-width forms count as well: some programs fold them.
    first = unicodedata.normalize("NFKC", next(seen, ""))[:1]
    return f"'{plain}" if (first and first in STARTERS) or plain[:1] in {"\t", "\n"} else plain


def _is_kept(letter: str) -> bool:
    # Neither control characters nor what no XML file and no UTF-8 can carry.
    return unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in "\ufffe\uffff"


def cell(value: Any) -> str | int | float | Decimal:
    """Return a value as a cell: numbers as numbers, moments as ISO texts in the clinic's time, else text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return harmless(str(value))


def written(kind: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the bytes of a file; raise TooManyRows. Nothing unsealed touches the disk."""
    return (_csv if kind == "csv" else _xlsx)(head, _counted(rows, MOST_ROWS[kind]))


def _counted(rows: Iterable[Sequence[Any]], most: int) -> Iterator[list[Any]]:
    for number, row in enumerate(rows):
        if number >= most:
            raise TooManyRows
        yield [cell(value) for value in row]


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    sheet = csv.writer(buffer)
    buffer.write("\ufeff")
    sheet.writerow([harmless(str(name)) for name in head])
    for row in rows:
        sheet.writerow(row)
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xlsx(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    # In memory: the program's own temporary files would be readable.
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    for column, name in enumerate(head):
        sheet.write_string(0, column, harmless(str(name)), bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            else:
                sheet.write_number(number, column, value)
    sheet.freeze_panes(1, 0)
    book.close()
    yield buffer.getvalue()
