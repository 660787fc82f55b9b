"""Scans of what came in on paper about a request: looked at, sealed, given out to who works on it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.models import RightsRequest, RightsScan
from consent.services.request_rows import refuse_own
from patients.services.documents import Accepted, Incoming, NotAccepted, accept
from security import trail
from security.models import User
from security.sealing import files

__all__ = ["NotAccepted", "attach", "read"]


def attach(*, request_id: UUID, incoming: Incoming, by: User) -> RightsScan:
    """Take a scan into the file of a request, also of one that was answered; raise NotAccepted."""
    try:
        accepted = accept(incoming)
    except NotAccepted:
        row = RightsRequest.objects.get(pk=request_id)
        with transaction.atomic():
            trail.record(
                "consent.scan.refused", outcome="refused", subjects=[row.subject_id], obj=row,
                counts={"bytes": len(incoming.content)}, by=by,
            )  # fmt: skip
        raise
    kept = files.write([accepted.content], most=settings.UPLOAD_MOST_BYTES * 2)
    try:
        return _note(request_id, incoming, accepted, kept, by=by)
    except BaseException:
        # The row did not come to be, so the file is nobody's.
        files.remove(kept.file_id)
        raise


@transaction.atomic
def _note(
    request_id: UUID, incoming: Incoming, accepted: Accepted, kept: files.Written, *, by: User
) -> RightsScan:
    request = RightsRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    refuse_own(request, by)
    row = RightsScan(
        request=request, subject_id=request.subject_id, subject_of=request.subject_of,
        patient_id=request.patient_id, added_by=by, media_type=accepted.media_type,
        size=kept.size, file_id=kept.file_id, title=incoming.title, file_key=kept.key,
        sha256=kept.sha256,
    )  # fmt: skip
    row.save()
    trail.record("consent.scan.attached", subjects=[row.subject_id], changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def read(*, scan_id: UUID, by: User) -> tuple[RightsScan, bytes]:
    """Return a scan, recorded before its first byte."""
    row = RightsScan.objects.select_related("request").get(pk=scan_id)
    refuse_own(row.request, by)
    content = files.read_all(row.file_id, row.file_key or "")
    trail.record("consent.scan.fetched", subjects=[row.subject_id], obj=row, by=by)
    return row, content
