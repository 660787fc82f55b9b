"""A folder of Synthea's CSV files as bundles: the directory first, then one bundle for each patient.

Rows are found by where they lie in their files, so that a folder of any size takes little memory.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from patients.fhir import bundle as bundles
from patients.fhir.bundle import Bundle
from patients.imports import synthea_tables as tables
from patients.imports.faults import Unreadable
from patients.imports.synthea_tables import BASE, Names, Row

NAMESPACE = UUID("6f0f3f0e-5b7e-5c43-9c0b-3c1f5e0a7d11")
DIRECTORY = ("organizations", "providers", "payers")
PATIENTS = "patients"
TRANSACTIONS = "claims_transactions"
# File -> the column that says whose a row is, in the order in which a bundle holds them.
OF_PATIENTS = {
    "encounters": "PATIENT", "conditions": "PATIENT", "allergies": "PATIENT", "medications": "PATIENT",
    "observations": "PATIENT", "immunizations": "PATIENT", "procedures": "PATIENT", "careplans": "PATIENT",
    "claims": "PATIENTID", TRANSACTIONS: "PATIENTID", "payer_transitions": "PATIENT",
}  # fmt: skip
KNOWN = {*DIRECTORY, PATIENTS, *OF_PATIENTS}
Range = tuple[int, int]


@dataclass(slots=True)
class Table:
    """One file: its headings, and where the rows of each patient lie."""

    path: Path
    headings: list[str]
    ranges: dict[str, list[Range]] = field(default_factory=dict)
    rows: int = 0
    # Numbers of rows that name nobody of the folder or have another number of cells.
    strange: list[int] = field(default_factory=list)

    def of(self, patient: str) -> list[Row]:
        """Return the rows of one patient."""
        found: list[Row] = []
        with self.path.open("rb") as file:
            for start, end in self.ranges.get(patient, ()):
                file.seek(start)
                text = file.read(end - start).decode()
                cells = csv.reader(text.splitlines(keepends=True))
                found += [dict(zip(self.headings, row, strict=True)) for row in cells if row]
        return found


@dataclass(slots=True)
class Folder:
    """What a folder holds."""

    tables: dict[str, Table]
    patients: list[str]
    unknown: list[str]
    names: Names = field(default_factory=Names)


def opened(path: Path) -> Folder:
    """Look a folder through once; raise Unreadable where it is none of Synthea's, or a file is no table."""
    files = {file.stem: file for file in sorted(path.glob("*.csv"))} if path.is_dir() else {}
    if PATIENTS not in files:
        raise Unreadable("no_patients_file")
    people = _looked_through(files[PATIENTS], "Id", None)
    ids = list(people.ranges)
    found = {PATIENTS: people}
    for name in OF_PATIENTS:
        if name in files:
            found[name] = _looked_through(files[name], OF_PATIENTS[name], set(ids))
    for name in DIRECTORY:
        if name in files:
            found[name] = _looked_through(files[name], "Id", None)
    return Folder(found, ids, sorted(set(files) - KNOWN))


def _looked_through(path: Path, whose: str, known: set[str] | None) -> Table:
    with path.open("rb") as file:
        try:
            headings = next(csv.reader([file.readline().decode("utf-8-sig")]), [])
        except (UnicodeDecodeError, csv.Error):
            raise Unreadable("encoding") from None
        if whose not in headings:
            raise Unreadable("no_such_column")
        table, place = Table(path, headings), headings.index(whose)
        at = file.tell()
        for number, line in enumerate(_whole_lines(file), start=2):
            start, at = at, at + len(line)
            if not line.strip():
                continue
            table.rows += 1
            cells = _cells(line)
            patient = cells[place] if len(cells) == len(headings) else ""
            if not patient or (known is not None and patient not in known):
                table.strange.append(number)
                continue
            _add(table.ranges.setdefault(patient, []), start, at)
    return table


def _whole_lines(file: Any) -> Iterator[bytes]:
    """Yield the lines of a file, those joined that a quoted cell spans."""
    waiting = b""
    for line in file:
        waiting += line
        if waiting.count(b'"') % 2 == 0 or len(waiting) > 1_000_000:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader(line.decode().splitlines(keepends=True)), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _add(ranges: list[Range], start: int, end: int) -> None:
    if ranges and ranges[-1][1] == start:
        ranges[-1] = (ranges[-1][0], end)
    else:
        ranges.append((start, end))


def directory(folder: Folder) -> tuple[Bundle, Counter[str]] | None:
    """Return who treats and who pays as one bundle, and learn their names."""
    entries, counts = [], Counter[str]()
    for name in DIRECTORY:
        table = folder.tables.get(name)
        for identity in table.ranges if table else ():
            for row in table.of(identity) if table else ():
                folder.names.learn(name, row)
                resource = tables.DIRECTORY[name](row)
                entries.append(_entry(resource["resourceType"], row["Id"], resource))
                counts[name] += 1
    return (_bundle(entries), counts) if entries else None


def of_patient(folder: Folder, patient: str) -> tuple[Bundle, Counter[str]]:
    """Return one patient's rows of all files as a bundle, and how many rows of each file are in it."""
    counts, seen = Counter[str](), Counter[str]()
    row = folder.tables[PATIENTS].of(patient)[0]
    entries = [_entry("Patient", patient, tables.patient(row, folder.names))]
    counts[PATIENTS] = 1
    lines: dict[str, list[Row]] = defaultdict(list)
    if TRANSACTIONS in folder.tables:
        for row in folder.tables[TRANSACTIONS].of(patient):
            lines[row["CLAIMID"]].append(row)
    for name in OF_PATIENTS:
        if name == TRANSACTIONS or name not in folder.tables:
            continue
        for row in folder.tables[name].of(patient):
            resource = tables.OF_PATIENTS[name](row, folder.names, lines.pop(row.get("Id", ""), []))
            kind = str(resource["resourceType"])
            entries.append(_entry(kind, row.get("Id") or _id_of(name, row, seen), resource))
            counts[name] += 1
    counts[TRANSACTIONS] = _transactions(folder, patient, lines)
    return _bundle(entries), counts


def _transactions(folder: Folder, patient: str, left: dict[str, list[Row]]) -> int:
    table = folder.tables.get(TRANSACTIONS)
    all_of = len(table.of(patient)) if table else 0
    return all_of - sum(len(rows) for rows in left.values())


def _id_of(name: str, row: Row, seen: Counter[str]) -> str:
    """Return an id that the same row always has; rows that say the same are told apart by their number."""
    text = json.dumps([name, row], sort_keys=True)
    seen[text] += 1
    return str(uuid5(NAMESPACE, f"{text}|{seen[text]}"))


def _entry(kind: str, identity: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": f"{BASE}{kind}/{identity}", "resource": {**resource, "id": identity}}


def _bundle(entries: list[dict[str, Any]]) -> Bundle:
    return bundles.read({"resourceType": "Bundle", "type": "collection", "entry": entries})
