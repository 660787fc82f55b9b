"""Taking documents in, giving them out, taking them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.media import contents, filenames, sandbox
from patients.models import Document, Patient
from patients.services import versions
from security import scanning, trail
from security.access.gate import Refused
from security.models import User
from security.sealing import files


class NotAccepted(Refused):
    """The file may not come in; the reason is a sentence for the person."""


class NotScanned(NotAccepted):
    """The scanner did not answer, and the clinic takes in only what it has seen."""


class Withdrawn(Refused):
    """The document was taken back before."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as it comes, and what the person says of it."""

    filename: str
    content: bytes
    title: str
    kind: str
    occurred_at: datetime
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was looked at: its type, its bytes without metadata, its pages, the scanner's word."""

    media_type: str
    content: bytes
    pages: int
    scan: scanning.Verdict


def accept(incoming: Incoming) -> Accepted:
    """Look at a file before anything of it is kept; raise NotAccepted with the reason."""
    if len(incoming.content) > settings.UPLOAD_MOST_BYTES:
        raise NotAccepted(too_large())
    try:
        media_type = filenames.media_type(incoming.filename)
        contents.check(incoming.content, media_type)
    except (filenames.BadName, contents.BadContent) as refusal:
        raise NotAccepted(refusal.reason) from None
    scan = _scanned(incoming.content)
    try:
        content, pages = _opened(incoming.content, media_type)
    except sandbox.NotAPicture:
        raise NotAccepted(_("The file could not be opened: it is damaged or too large.")) from None
    except contents.BadContent as refusal:
        raise NotAccepted(refusal.reason) from None
    return Accepted(media_type, content, pages, scan)


def too_large() -> str:
    """Return why a file is refused that is larger than the clinic takes."""
    megabytes = settings.UPLOAD_MOST_BYTES // (1024 * 1024)
    return str(_("The file is larger than %(most)d MB.")) % {"most": megabytes}


def _scanned(content: bytes) -> scanning.Verdict:
    found = scanning.scan(content)
    if found.verdict is scanning.Verdict.FOUND:
        raise NotAccepted(_("The malware scanner stopped this file. It was not kept."))
    if found.verdict is scanning.Verdict.NOT_SCANNED and settings.CLAMD_REQUIRED:
        raise NotScanned(_("The malware scanner can not be reached, so no file is taken in now."))
    return found.verdict


def _opened(content: bytes, media_type: str) -> tuple[bytes, int]:
    if media_type in {contents.JPEG, contents.PNG}:
        return sandbox.ask("clean", content), 1
    if media_type == contents.PDF:
        pages, _line, objects = sandbox.ask("pages", content).partition(b"\n")
        contents.check_objects(objects)
        return content, int(pages)
    return content, 1


def add(*, patient_id: UUID, incoming: Incoming, by: User) -> Document:
    """Take a document into a record: looked at, scanned, sealed on the disk, then one row and one event.

    Raises NotAccepted with the reason; then nothing is on the disk and a refusal is on the trail.
    """
    try:
        accepted = accept(incoming)
    except NotAccepted:
        with transaction.atomic():
            trail.record(
                "patients.document.refused", outcome="refused", subjects=[patient_id],
                counts={"bytes": len(incoming.content)}, by=by,
            )  # fmt: skip
        raise
    kept = files.write([accepted.content], most=settings.UPLOAD_MOST_BYTES * 2)
    try:
        return _keep(patient_id, incoming, accepted, kept, by=by)
    except BaseException:
        # The row did not come to be, so the file is nobody's.
        files.remove(kept.file_id)
        raise


@transaction.atomic
def _keep(
    patient_id: UUID, incoming: Incoming, accepted: Accepted, kept: files.Written, *, by: User
) -> Document:
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)
    hidden = incoming.is_restricted
    levels = Document.Confidentiality
    named = {
        "title": incoming.title,
        "filename": incoming.filename,
        "sha256": kept.sha256,
        "file_key": kept.key,
    }
    # Of a protected document nothing that tells what it is lies outside the restricted envelope.
    protected = {"restricted_title": incoming.title, "restricted_file_key": kept.key}
    row = Document(
        patient_id=patient_id,
        confidentiality=levels.RESTRICTED if hidden else levels.NORMAL,
        occurred_at=incoming.occurred_at,
        kind=incoming.kind,
        media_type=accepted.media_type,
        size=kept.size,
        pages=accepted.pages,
        scan=accepted.scan,
        file_id=kept.file_id,
        uploaded_by=by,
        **(protected if hidden else named),
    )
    row.save()
    patient.last_activity_at = timezone.now()
    patient.save(update_fields=["last_activity_at"])
    trail.record(
        "patients.document.added",
        subjects=[patient_id],
        changed=[row],
        obj=row,
        counts={"bytes": kept.size},
        by=by,
    )
    return row


def key_of(row: Document) -> str:
    """Return the key of a document's file, from the envelope where it lies."""
    is_restricted = row.confidentiality != Document.Confidentiality.NORMAL
    return str((row.restricted_file_key if is_restricted else row.file_key) or "")


@transaction.atomic
def give_out(*, row: Document, by: User) -> bytes:
    """Return the file of a document and record that it left; raise SealBroken for an altered file."""
    content = files.read_all(row.file_id, key_of(row))
    trail.record(
        "patients.document.downloaded",
        subjects=[row.patient_id],
        obj=row,
        fields=["patients.document.file"],
        counts={"bytes": len(content)},
        by=by,
    )
    return content


def picture(row: Document, number: int) -> bytes:
    """Return one page of a document as PNG; raise SealBroken, and NotAPicture where there is none."""
    content = files.read_all(row.file_id, key_of(row))
    if row.media_type == contents.PDF:
        return sandbox.ask("page", content, str(number))
    return sandbox.ask("small", content)


def small(file_id: UUID, key: str) -> bytes:
    """Return a sealed picture small, as PNG; raise SealBroken, and NotAPicture where it is none."""
    return sandbox.ask("small", files.read_all(file_id, key))


def text(row: Document) -> str:
    """Return a plain text document as text, at most 100,000 letters."""
    return contents.text_of(files.read_all(row.file_id, key_of(row)))[:100_000]


@transaction.atomic
def withdraw(*, document_id: UUID, version: int, reason: str, by: User) -> Document:
    """Take a document back that was filed in error: it stays sealed and is shown as withdrawn.

    Raises Withdrawn, and versions.Conflict when somebody else changed it meanwhile.
    """
    row: Document = versions.locked(Document, document_id, version=version)
    if row.withdrawn_at is not None:
        raise Withdrawn(_("This document was taken back before."))
    kept = versions.keep(row=row, reason=reason, by=by)
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = timezone.now(), by, reason
    row.advance()
    row.save()
    trail.record(
        "patients.document.withdrawn",
        subjects=[row.patient_id],
        changed=[row, kept],
        obj=row,
        reason=reason,
        by=by,
    )
    return row
