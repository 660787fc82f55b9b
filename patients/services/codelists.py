"""Bringing code lists in: CSV files of codes with what they are called, row by row, batch by batch."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from patients.models import Code, CodeSystem
from patients.queries import codes
from security import trail

SHIPPED = Path(__file__).resolve().parent.parent / "codes" / "clinic.csv"
BATCH = 2000
SYSTEMS = {
    "icd-10": ("http://hl7.org/fhir/sid/icd-10", "ICD-10"),
    "icd-10-cm": ("http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"),
    "snomed": ("http://snomed.info/sct", "SNOMED CT"),
    "loinc": ("http://loinc.org", "LOINC"),
    "atc": ("http://www.whocc.no/atc", "ATC"),
    "cvx": ("http://hl7.org/fhir/sid/cvx", "CVX"),
    "rxnorm": ("http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"),
}
# What a column may be called in the files that people have.
COLUMNS = {
    "display": "en",
    "display_en": "en",
    "name": "en",
    "english": "en",
    "display_zh": "zh",
    "chinese": "zh",
    "name_zh": "zh",
    "名称": "zh",
    "编码": "code",
    "代码": "code",
}
TEXTS = {"code": 40, "en": 200, "zh": 200, "unit": 40, "medicines": 200}
WRITTEN = ("display_en", "display_zh", "unit", "low", "high", "medicines", "words")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_URL = re.compile(r"(?:https?://|urn:)[\x21-\x7e]{1,190}")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NoCodeList(Exception):
    """A file that is no code list at all; says why."""


class BadRow(Exception):
    """A row that can not be read; says why."""


@dataclass(slots=True)
class Counts:
    """What became of the rows of a file."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    # The line of each row that was left out, and why.
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """One row as it is to be stored."""

    line: int
    system: tuple[str, str]
    code: Code


def encoding_of(file: BinaryIO) -> str:
    """Return how a file is written: UTF-8, UTF-16 by its mark, else GB18030; raise NoCodeList."""
    head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            file.seek(0)
            return name
    for name in ("utf-8", "gb18030"):
        file.seek(0)
        if _decodes(file, name):
            file.seek(0)
            return name
    raise NoCodeList(_("The file is neither UTF-8 nor GB18030 nor UTF-16."))


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while part := file.read(1 << 20):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def read(file: BinaryIO, *, kind: str = "", system: str = "", counts: Counts) -> Iterator[Row]:
    """Yield the rows of a CSV file; those that can not be read are told in `counts`."""
    text = TextIOWrapper(file, encoding=encoding_of(file), newline="")
    lines = csv.reader(text, strict=True)
    usual = {"kind": kind, "system": system}
    try:
        names = _header(next(lines, []), usual)
        seen: dict[tuple[str, str, str], int] = {}
        for cells in lines:
            if any(cell.strip() for cell in cells):
                try:
                    yield _row(lines.line_num, names, cells, usual, seen)
                except BadRow as reason:
                    counts.problems.append((lines.line_num, str(reason)))
    except UnicodeDecodeError as error:
        raise NoCodeList(_("The file is damaged: it does not decode to its end.")) from error
    except csv.Error as error:
        place = {"line": lines.line_num}
        raise NoCodeList(_("Line %(line)d is not CSV, so the rest is left out.") % place) from error


def _header(cells: Sequence[str], usual: Mapping[str, str]) -> list[str]:
    names = [cell.strip().lower().lstrip("\ufeff") for cell in cells]
    names = [COLUMNS.get(name, name) for name in names]
    missing = [name for name in ("system", "kind") if not usual[name] and name not in names]
    missing += [name for name in ("code",) if name not in names]
    if not {"en", "zh"} & set(names):
        missing.append("en")
    if missing:
        raise NoCodeList(
            _("The first line must name the columns; these are missing: %(names)s.")
            % {"names": ", ".join(missing)}
        )
    return names


def _row(
    line: int,
    names: Sequence[str],
    cells: Sequence[str],
    usual: Mapping[str, str],
    seen: dict[tuple[str, str, str], int],
) -> Row:
    if len(cells) != len(names):
        raise BadRow(_("has another number of cells than the first line"))
    said = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    said = {**said, **{name: said.get(name) or value for name, value in usual.items()}}
    system, kind = _system(said["system"]), said["kind"].lower()
    if kind not in Code.Kind:
        raise BadRow(_("names no kind of code that there is here"))
    texts = {name: _text(name, said.get(name, "")) for name in TEXTS}
    if not texts["code"] or not (texts["en"] or texts["zh"]):
        raise BadRow(_("has no code, or nothing that it is called"))
    low, high = _number(said.get("low", "")), _number(said.get("high", ""))
    if low is not None and high is not None and low > high:
        raise BadRow(_("has a range that ends below its beginning"))
    first = seen.setdefault((system[0], kind, texts["code"]), line)
    if first != line:
        raise BadRow(_("is in line %(line)d already") % {"line": first})
    code = Code(
        kind=kind,
        code=texts["code"],
        display_en=texts["en"],
        display_zh=texts["zh"],
        unit=texts["unit"],
        low=low,
        high=high,
        medicines=texts["medicines"],
        words=codes.words_of(texts["code"], texts["en"], texts["zh"]),
    )
    return Row(line, system, code)


def _system(said: str) -> tuple[str, str]:
    known = SYSTEMS.get(said.lower())
    if known is not None:
        return known
    if not _URL.fullmatch(said):
        raise BadRow(_("names no code system"))
    return said, next((name for url, name in SYSTEMS.values() if url == said), said[:60])


def _text(name: str, said: str) -> str:
    if len(said) > TEXTS[name]:
        place = {"most": TEXTS[name], "name": name}
        raise BadRow(_("is longer than %(most)d characters in “%(name)s”") % place)
    if _UNSEEN.search(said):
        raise BadRow(_("holds control characters"))
    return said


def _number(said: str) -> Decimal | None:
    if not said:
        return None
    try:
        number = Decimal(said)
    except InvalidOperation:
        raise BadRow(_("has a range that is no number")) from None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -4 or abs(number) >= 10**10:
        raise BadRow(_("has a range that is no number"))
    return number


def bring_in(rows: Iterator[Row], *, counts: Counts, dry: bool = False) -> Iterator[int]:
    """Write rows batch by batch, each whole or not at all; yield how far the file was read."""
    while batch := list(islice(rows, BATCH)):
        write(batch=batch, counts=counts, dry=dry)
        yield batch[-1].line


@transaction.atomic
def write(*, batch: list[Row], counts: Counts, dry: bool = False) -> None:
    """Write one batch: what is new, and what differs from what is here."""
    known = _systems({row.system for row in batch}, dry=dry)
    for row in batch:
        row.code.system = known[row.system[0]]
    stored = _stored(batch)
    fresh = [row.code for row in batch if _key(row.code) not in stored]
    changed = []
    for row in batch:
        before = stored.get(_key(row.code))
        if before and any(getattr(before, name) != getattr(row.code, name) for name in WRITTEN):
            row.code.pk = before.pk
            changed.append(row.code)
    counts.created += len(fresh)
    counts.updated += len(changed)
    counts.unchanged += len(batch) - len(fresh) - len(changed)
    if not dry and (fresh or changed):
        _write_all(fresh, changed)


def _write_all(fresh: list[Code], changed: list[Code]) -> None:
    # A second import that runs meanwhile may have made some of them.
    Code.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["system", "kind", "code"],
        update_fields=WRITTEN,
    )
    Code.objects.bulk_update(changed, WRITTEN, batch_size=500)
    counts = {"created": len(fresh), "updated": len(changed)}
    trail.record("patients.codes.imported", counts=counts)


def _systems(named: set[tuple[str, str]], *, dry: bool) -> dict[str, CodeSystem]:
    known = {system.url: system for system in CodeSystem.objects.all()}
    for url, name in sorted(named):
        if url not in known:
            known[url] = CodeSystem(url=url, name=name)
            if not dry:
                known[url].save()
    return known


def _stored(batch: list[Row]) -> dict[tuple[Any, ...], Code]:
    found = Code.objects.filter(code__in={row.code.code for row in batch})
    return {_key(one): one for one in found}


def _key(code: Code) -> tuple[Any, ...]:
    return code.system_id, code.kind, code.code


def load_shipped(*, dry: bool = False) -> Counts:
    """Bring the list in that comes with the product."""
    counts = Counts()
    with SHIPPED.open("rb") as file:
        for _line in bring_in(read(file, counts=counts), counts=counts, dry=dry):
            pass
    return counts
