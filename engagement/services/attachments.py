"""Files of messages: looked at, scanned and sealed like documents, given out as downloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import ThreadAttachment, ThreadMessage
from patients.services import documents
from patients.services.documents import Accepted, NotAccepted
from security import trail
from security.models import User
from security.sealing import files

MOST_FILES = 5


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as it comes with a message."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies sealed on the disk and waits for its row."""

    filename: str
    accepted: Accepted
    file: files.Written


@contextmanager
def taken_in(incoming: Sequence[Incoming], patient_id: UUID, by: User) -> Iterator[list[Kept]]:
    """Look at files and seal them; where the block does not end well, none of them stays.

    Raises NotAccepted with the reason; then a refusal is on the trail.
    """
    kept: list[Kept] = []
    try:
        for one in incoming:
            kept.append(_sealed(one, len(incoming), patient_id, by))
        yield kept
    except BaseException:
        # Not caught: the rows did not come to be, so the files are nobody's.
        for one_kept in kept:
            files.remove(one_kept.file.file_id)
        raise


def _sealed(one: Incoming, count: int, patient_id: UUID, by: User) -> Kept:
    try:
        if count > MOST_FILES:
            raise NotAccepted(
                _("At most %(most)d files come with one message.") % {"most": MOST_FILES}
            )
        accepted = documents.accept(
            documents.Incoming(one.filename, one.content, "", "other", timezone.now())
        )
    except NotAccepted:
        with transaction.atomic():
            trail.record(
                "engagement.attachment.refused", outcome="refused", subjects=[patient_id],
                counts={"bytes": len(one.content)}, by=by,
            )  # fmt: skip
        raise
    return Kept(
        one.filename, accepted, files.write([accepted.content], most=settings.UPLOAD_MOST_BYTES * 2)
    )


def add(line: ThreadMessage, kept: Sequence[Kept]) -> list[ThreadAttachment]:
    """Write the rows of files that came with a message, in the deed's own transaction."""
    rows = []
    for one in kept:
        row = ThreadAttachment(
            patient_id=line.patient_id, message=line, media_type=one.accepted.media_type,
            size=one.file.size, pages=one.accepted.pages, scan=one.accepted.scan,
            file_id=one.file.file_id, filename=one.filename, sha256=one.file.sha256,
            file_key=one.file.key,
        )  # fmt: skip
        row.save()
        rows.append(row)
    return rows


@transaction.atomic
def give_out(*, row: ThreadAttachment, by: User) -> bytes:
    """Return the file of an attachment and record that it left; raise SealBroken for an altered file."""
    content = files.read_all(row.file_id, row.file_key or "")
    trail.record(
        "engagement.attachment.downloaded",
        subjects=[row.patient_id],
        obj=row,
        fields=["engagement.attachment.file"],
        counts={"bytes": len(content)},
        by=by,
    )
    return content
