"""The archive of a copy: what a person can read, what a program can read, and the original files.

A ZIP with AES-256 (WinZip AE-2), which common programs open; it is never on a disk unsealed, not even
encrypted under its passphrase alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pyzipper
from django.template.loader import render_to_string
from django.utils.translation import gettext

import consent.printing
from audit import persons
from consent.models import RightsScan
from consent.queries import bundle, readable, whole
from patients.models import Document
from patients.queries.subjects import sealed_of_patients
from security.classification import SubjectKind
from security.printing import pdf
from security.sealing import SealBroken, files
from security.services import clinics, stored_files

PRINTING = Path(consent.printing.__file__).parent
PAGE = ".".join(("record", "html"))
# Endings by media type; another one is never guessed from a name that somebody typed.
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "text/plain": "txt"}


@dataclass(slots=True)
class Manifest:
    """What is in an archive, what could not be opened, and the digest of each file."""

    files: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


class _Sink:
    """Takes what the archive writes; nobody can go back in it, so that it streams."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, part: bytes) -> int:
        """Take a part."""
        self.waiting += part
        return len(part)

    def flush(self) -> None:
        """Do nothing: what waits is taken by `take`."""

    def take(self) -> bytes:
        """Return what waits, and forget it."""
        part, self.waiting = bytes(self.waiting), bytearray()
        return part


def of(
    kind: SubjectKind,
    subject_id: UUID,
    *,
    passphrase: str,
    manifest: Manifest,
    passed: Callable[[], object],
) -> Iterator[bytes]:
    """Yield the encrypted archive of everything about one person; `passed` is told of each part done."""
    sink = _Sink()
    with pyzipper.AESZipFile(
        sink, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(passphrase.encode())
        for name, content in _members(kind, subject_id, manifest, passed):
            _put(archive, manifest, name, content)
            yield sink.take()
        archive.writestr("manifest.json", json.dumps(_told(manifest), indent=1))
    yield sink.take()


def _put(archive: Any, manifest: Manifest, name: str, content: bytes) -> None:
    archive.writestr(name, content)
    manifest.files[name] = hashlib.sha256(content).hexdigest()


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "sha256": manifest.files,
        "entries": manifest.counts,
        "could not be opened": manifest.broken,
    }


def _members(
    kind: SubjectKind, subject_id: UUID, manifest: Manifest, passed: Callable[[], object]
) -> Iterator[tuple[str, bytes]]:
    held: dict[str, Any] = {}
    for part in whole.everything(kind, subject_id):
        held[part.label] = part.rows
        manifest.counts[part.label] = len(part.rows)
        manifest.broken += [f"{part.label} {one}" for one in part.broken]
        passed()
    yield "everything.json", bundle.dumps(held).encode()
    yield from _scans(subject_id, manifest)
    if kind == SubjectKind.PATIENT:
        yield from _record(subject_id, manifest)
    passed()
    yield "README.txt", _readme().encode()


def _record(patient_id: UUID, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    ids = persons.register().former(patient_id)
    names: dict[UUID, str] = {}
    for name, document_id, content in originals(ids, manifest):
        names[document_id] = name
        yield name, content
    record, broken = bundle.of(ids, names)
    manifest.broken += [one for one in broken if one not in manifest.broken]
    yield "record.json", bundle.dumps(record).encode()
    profile = clinics.profile()
    page = readable.of(list(ids), clinic=profile.name if profile else "")
    yield "record.pdf", pdf(PRINTING / "copy.typ", page)
    yield PAGE, render_to_string("consent/copies/record.html", page).encode()


def originals(ids: Collection[UUID], manifest: Manifest) -> Iterator[tuple[str, UUID, bytes]]:
    """Yield name, row and content of every file of a record: documents first, then what apps above keep."""
    number = 0
    for model in _holders():
        for row in model._base_manager.filter(patient_id__in=ids).order_by("pk"):
            number += 1
            name = f"files/{number:04d}.{ENDINGS.get(row.media_type, 'bin')}"
            try:
                key = getattr(row, "restricted_file_key", None) or row.file_key
                content = files.read_all(row.file_id, key)
            except SealBroken:
                manifest.broken.append(f"{row._meta.label_lower} {row.pk}: {name}")
                continue
            yield name, row.pk, content


def _holders() -> list[Any]:
    """Return the models whose rows hold a patient's files."""
    known: list[Any] = [*sealed_of_patients()]
    found = [one for one in stored_files.holders() if one in known]
    named = [one for one in found if one._meta.label_lower not in whole.LEFT_OUT]
    return sorted(named, key=lambda one: (one is not Document, one._meta.label_lower))


def _scans(subject_id: UUID, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Yield what the person sent in on paper with requests about the own data."""
    ids = persons.register().former(subject_id)
    rows = RightsScan.objects.filter(subject_id__in=ids).order_by("added_at", "pk")
    for number, row in enumerate(rows, 1):
        name = f"requests/{number:04d}.{ENDINGS.get(row.media_type, 'bin')}"
        try:
            content = files.read_all(row.file_id, row.file_key or "")
        except SealBroken:
            manifest.broken.append(f"consent.rightsscan {row.pk}: {name}")
            continue
        yield name, content


def _readme() -> str:
    lines = (
        gettext("This archive holds a copy of everything that we keep about you."),
        gettext("record.pdf and record.html: your record, to read."),
        gettext("record.json: the same record as a FHIR R4 Bundle, for another clinic or an app."),
        gettext("everything.json: every field of every entry about you."),
        gettext("files: the original documents."),
        gettext("requests: what came in on paper with your requests."),
        gettext(
            "manifest.json: the SHA-256 of each file, and what could not be opened, if anything."
        ),
    )
    return "\r\n".join(lines) + "\r\n"
