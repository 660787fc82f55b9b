"""Copies of everything about one person: made on a proved request, fetched by one, opened by another."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from audit import persons
from consent.models import RecordCopy, RightsRequest
from consent.queries import archive, askers, calendar, whole
from consent.services.request_rows import UNASKED, refuse_own
from security import context, trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User
from security.printing import NotPrintable
from security.sealing import files

State = RecordCopy.State
KINDS = (RightsRequest.Kind.ACCESS, RightsRequest.Kind.PORTABILITY)
# Work that has not moved for so long was interrupted and is begun again.
STALLED = timedelta(minutes=2)
MOST_BYTES = 2 * 1024**3
# Letters that are not taken for one another when they are read aloud; 25 of them are 120 bits.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS, GROUP = 5, 5


class NotAsked(Refused):
    """The request asks for something else, is closed, or nobody proved who asks."""


class OneIsThere(Refused):
    """A copy for this request is being made or waits to be taken."""


class NotReady(Refused):
    """The copy is in no state in which this can be done."""


class SamePerson(Refused):
    """The archive and its passphrase go through two pairs of hands."""


class Stopped(Exception):
    """Somebody stopped the making."""


@transaction.atomic
def begin(*, request_id: UUID, by: User) -> RecordCopy:
    """Begin a copy for a request whose asker proved who it is (GDPR 15, 20; HIPAA 164.524; PIPL 45)."""
    request = RightsRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    if request.kind not in KINDS or request.closed_at is not None:
        raise NotAsked(_("This request does not ask for a copy, or it is closed."))
    if request.identity_at is None:
        raise NotAsked(_("First the identity of whoever asks must be proved."))
    _require_entitled(request)
    refuse_own(request, by)
    if RecordCopy.objects.alive().filter(request=request).exists():
        raise OneIsThere(_("A copy for this request is there already, or is being made."))
    subject = _heir(request)
    row = RecordCopy(
        request=request,
        subject_id=subject,
        subject_of=request.subject_of,
        patient_id=subject if request.patient_id else None,
        language=request.language,
        asked_by=by,
        parts_total=whole.count(SubjectKind(request.subject_of)),
        passphrase=_passphrase(),
    )
    row.save()
    _tell("consent.copy.begun", row, by=by)
    return row


def _heir(request: RightsRequest) -> UUID:
    """Return where the record is kept now that a request is about: it may have been merged since."""
    if request.patient_id is None:
        return request.subject_id
    return persons.register().heirs([request.patient_id])[request.patient_id]


def _require_entitled(request: RightsRequest) -> None:
    """Raise NotAsked where the request was taken back or refused, or who asked may not ask any more."""
    if request.state in UNASKED:
        raise NotAsked(_("The request was taken back, refused, or joined to another one."))
    # A guardian whose ward came of age since, or who is none any more.
    if (why_not := askers.objection(request, calendar.today())) is not None:
        raise NotAsked(why_not)


def _passphrase() -> str:
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def produce(*, copy_id: UUID) -> RecordCopy | None:
    """Make the archive for the person's request; None when it was stopped or is made already.

    Long: not one transaction. It is sealed as it is written, and only a whole one is kept; one that was
    interrupted is made anew.
    """
    row = RecordCopy.objects.select_related("asked_by", "request").get(pk=copy_id)
    if row.state != State.MAKING:
        return None
    with (
        trail.acting_for(actor=row.asked_by, purpose="PATRQT"),
        override(row.language or settings.LANGUAGE_CODE),
    ):
        context.current().basis = "request"
        try:
            _require_entitled(row.request)
        except NotAsked:
            return _failed(row.pk)
        manifest, progress = archive.Manifest(), _Progress(row.pk)
        content = archive.of(
            SubjectKind(row.subject_of),
            row.subject_id,
            passphrase=row.passphrase or "",
            manifest=manifest,
            passed=progress.passed,
        )
        try:
            kept = files.write(content, most=MOST_BYTES)
            # What was read is told before there is anything to take; if that fails, so does this.
            trail.record_reads(context.current())
        except Stopped:
            return None
        except (files.TooLarge, NotPrintable):
            return _failed(row.pk)
        return _finished(row.pk, kept, manifest)


@dataclass(slots=True)
class _Progress:
    """Writes down how far the work is, and stops it when somebody said so."""

    copy_id: UUID
    done: int = 0

    def passed(self) -> None:
        """Count one part."""
        self.done += 1
        still = RecordCopy.objects.filter(pk=self.copy_id, state=State.MAKING)
        if not still.update(parts_done=self.done, moved_at=timezone.now()):
            raise Stopped


@transaction.atomic
def _finished(copy_id: UUID, kept: files.Written, manifest: archive.Manifest) -> RecordCopy | None:
    row = _locked(copy_id)
    if row.state != State.MAKING:
        files.remove(kept.file_id)
        return None
    now = timezone.now()
    row.state, row.ready_at, row.expires_at = (
        State.READY,
        now,
        now + timedelta(days=settings.COPY_DAYS),
    )
    row.file_id, row.file_key, row.size, row.digest = (
        kept.file_id,
        kept.key,
        kept.size,
        kept.sha256,
    )
    row.parts_done = row.parts_total
    row.manifest = {
        "entries": manifest.counts,
        "files": len(manifest.files),
        "broken": manifest.broken,
    }
    _write(row)
    counts = {"entries": sum(manifest.counts.values()), "bytes": kept.size}
    counts |= {"broken": len(manifest.broken)} if manifest.broken else {}
    _tell("consent.copy.made", row, by=None, counts=counts, digest=kept.sha256)
    return row


@transaction.atomic
def _failed(copy_id: UUID) -> RecordCopy:
    row = _locked(copy_id)
    row.state, row.passphrase = State.FAILED, ""
    _write(row)
    trail.record(
        "consent.copy.failed",
        outcome="failed",
        subjects=[row.subject_id],
        changed=[row],
        obj=row,
    )
    return row


@transaction.atomic
def cancel(*, copy_id: UUID, by: User) -> RecordCopy:
    """Stop a copy that is being made or waits, and delete its file and its passphrase."""
    row = _locked(copy_id)
    if row.state not in (State.MAKING, State.READY):
        raise NotReady(_("This copy is over already."))
    _end(row, State.CANCELLED)
    _tell("consent.copy.cancelled", row, by=by)
    return row


@transaction.atomic
def fetch(*, copy_id: UUID, by: User) -> tuple[RecordCopy, bytes]:
    """Return the archive, recorded before its first byte; who fetches it is not told the passphrase."""
    row = _ready(copy_id, by)
    if row.told_by_id == by.pk:
        raise SamePerson(_("You know the passphrase. A colleague hands over the archive."))
    _require_alone(row.fetched_by_id, by)
    content = files.read_all(row.file_id, row.file_key or "")  # type: ignore[arg-type]
    row.fetched_at, row.fetched_by = timezone.now(), by
    _write(row)
    _tell("consent.copy.fetched", row, by=by, counts={"bytes": len(content)}, digest=row.digest)
    return row, content


@transaction.atomic
def tell_passphrase(*, copy_id: UUID, by: User) -> str:
    """Return the passphrase to whoever hands it over; that is another person than took the archive."""
    row = _ready(copy_id, by)
    if row.fetched_by_id == by.pk:
        raise SamePerson(_("You took the archive. A colleague hands over the passphrase."))
    _require_alone(row.told_by_id, by)
    row.told_at, row.told_by = timezone.now(), by
    _write(row)
    _tell("consent.copy.unlocked", row, by=by)
    return row.passphrase or ""


def _require_alone(before_id: UUID | None, by: User) -> None:
    """Raise SamePerson for a third pair of hands: who was there before would be forgotten by it."""
    if before_id not in (None, by.pk):
        raise SamePerson(_("A colleague has it already and hands it over. Or make another copy."))


def _ready(copy_id: UUID, by: User) -> RecordCopy:
    row = _locked(copy_id)
    refuse_own(row.request, by)
    _require_entitled(row.request)
    is_alive = row.expires_at is not None and row.expires_at > timezone.now()
    if row.state != State.READY or not is_alive or row.file_id is None:
        raise NotReady(_("This copy is not there any more. Make another one."))
    return row


@transaction.atomic
def end_of(*, subject_ids: Collection[UUID]) -> int:
    """End every copy of some people that is being made or waits; return how many there were."""
    rows = RecordCopy.objects.alive().filter(subject_id__in=subject_ids)
    found = list(rows.select_for_update(of=("self",)).select_related("request"))
    for row in found:
        _end(row, State.CANCELLED)
        _tell("consent.copy.cancelled", row, by=None)
    return len(found)


@transaction.atomic
def sweep() -> int:
    """End copies that nobody took in time; return how many there were."""
    rows = RecordCopy.objects.over().select_for_update(of=("self",), skip_locked=True)
    found = list(rows.select_related("request")[:50])
    for row in found:
        _end(row, State.OVER)
        _tell("consent.copy.ended", row, by=None)
    return len(found)


def unfinished(hand_out: Callable[[UUID], object]) -> None:
    """Hand out copies again whose making was interrupted."""
    since = timezone.now() - STALLED
    rows = RecordCopy.objects.filter(state=State.MAKING, moved_at__lt=since)
    for copy_id in list(rows.values_list("pk", flat=True)[:50]):
        if rows.filter(pk=copy_id).update(moved_at=timezone.now()):
            hand_out(copy_id)


def _end(row: RecordCopy, state: str) -> None:
    file_id = row.file_id
    row.state, row.file_id, row.file_key, row.passphrase = state, None, "", ""
    _write(row)
    if file_id is not None:
        # Without its key it is noise; should the deed roll back, the row still has both.
        transaction.on_commit(lambda: files.remove(file_id))


def _locked(copy_id: UUID) -> RecordCopy:
    found: RecordCopy = (
        RecordCopy.objects.select_for_update(of=("self",)).select_related("request").get(pk=copy_id)
    )
    return found


def _write(row: RecordCopy) -> None:
    row.advance()
    row.save()


def _tell(
    action: str,
    row: RecordCopy,
    *,
    by: User | None,
    counts: dict[str, int] | None = None,
    digest: str | None = "",
) -> None:
    trail.record(
        action,
        subjects=[row.subject_id],
        changed=[row],
        obj=row,
        counts=counts,
        fields=[f"sha256:{digest}"] if digest else (),
        by=by,
    )
