"""Exports from the request to the end of the file: purpose, approval, digest and count on the trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.categories import Reach
from security.access.decision import actor_refusal, purposes_of, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.exports import Exporter, usable_by
from security.exports.shelf import STALLED
from security.exports.tables import TooManyRows, written
from security.models import Export, User
from security.sealing import SealBroken, files

State = Export.State
# What somebody may still stop.
RUNNING = frozenset({State.WAITING, State.APPROVED, State.PREPARING, State.READY})
LINK_LIVES = timedelta(minutes=15)
APPROVAL_LIVES = timedelta(hours=24)
REQUEST_LIVES = timedelta(days=7)
BATCH = 500
# A file is verified to its end before it leaves, and so stands in memory as a whole.
MOST_BYTES = 128 * 1024 * 1024


class NotOpen(Refused):
    """The export is in no state in which this can be done."""


class OwnExport(Refused):
    """Nobody approves the own export."""


class NotAllowed(Refused):
    """The role, the purpose or the account does not allow this export (any more)."""


class Stopped(Exception):
    """The person cancelled while the file was being made."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for: which export, narrowed how, as which file, for which purpose and reason."""

    exporter: str
    parameters: Mapping[str, Any]
    kind: str
    purpose: str
    reason: str


@transaction.atomic
def request(*, asked: Asked, by: User) -> Export:
    """Ask for an export; data of patients wait for a second person."""
    exporter = _allowed(asked.exporter, asked.purpose, by)
    _check(exporter, asked.parameters, by)
    row = Export(
        requested_by=by,
        exporter=exporter.key,
        kind=asked.kind,
        purpose=asked.purpose,
        state=State.WAITING if exporter.needs_approval else State.APPROVED,
        reason=asked.reason,
        parameters=dict(asked.parameters),
    )
    row.save()
    _tell("security.export.requested", row, by=by, reason=asked.reason)
    return row


def _check(exporter: Exporter, parameters: Mapping[str, Any] | None, user: User) -> None:
    """Ask the kind of export whether it may still leave."""
    if exporter.check is not None:
        exporter.check(user, _narrowed(exporter, parameters))


def _narrowed(exporter: Exporter, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    form = exporter.form(parameters or {})
    if not form.is_valid():
        raise NotOpen(_("This export can not be prepared."))
    return form.cleaned_data


def _allowed(key: str, purpose: str, user: User) -> Exporter:
    exporter = next((one for one in usable_by(user) if one.key == key), None)
    if exporter is None or actor_refusal(user) is not None or purpose not in purposes_of(user):
        raise NotAllowed(_("Your role does not include this export for this purpose."))
    if reach_of_user(user, exporter.permission, purpose) is Reach.NONE:
        raise NotAllowed(_("Your role does not include this export for this purpose."))
    return exporter


@transaction.atomic
def approve(*, export_id: UUID, by: User) -> Export:
    """Agree to somebody else's export; it can be prepared within a day."""
    row = _deciding(export_id, by)
    row.state = State.APPROVED
    return _decided(row, "security.export.approved", by=by)


@transaction.atomic
def refuse(*, export_id: UUID, reason: str, by: User) -> Export:
    """Refuse somebody's export and say why."""
    row = _deciding(export_id, by)
    row.state, row.refusal = State.REFUSED, reason
    return _decided(row, "security.export.refused", by=by, reason=reason)


def _deciding(export_id: UUID, by: User) -> Export:
    row = _locked(export_id)
    if row.requested_by_id == by.pk:
        raise OwnExport(_("Nobody decides about the own export. Ask a colleague."))
    if row.state != State.WAITING:
        raise NotOpen(_("This export does not wait for a decision any more."))
    return row


def _decided(row: Export, action: str, *, by: User, reason: str = "") -> Export:
    row.decided_by, row.decided_at = by, timezone.now()
    _write(row)
    _tell(action, row, by=by, reason=reason)
    return row


@transaction.atomic
def prepare(*, export_id: UUID, sign_in_ref: str, by: User) -> Export:
    """Begin to make the file; the link will belong to this sign-in and die with it."""
    row = own(export_id, by)
    now = timezone.now()
    is_stalled = row.state == State.PREPARING and (row.moved_at or now) < now - STALLED
    if row.state != State.APPROVED and not is_stalled:
        raise NotOpen(_("This export can not be prepared."))
    since = row.decided_at or row.requested_at
    if since < now - APPROVAL_LIVES:
        raise NotOpen(_("The approval is older than a day. Please ask again."))
    exporter = _allowed(row.exporter, row.purpose, by)
    if exporter.needs_approval and row.decided_by_id is None:
        # Approved by nobody: the state was written past the deeds, or the rule is new.
        raise NotOpen(_("This export can not be prepared."))
    _check(exporter, row.parameters, by)
    row.state, row.sign_in_ref, row.moved_at, row.rows_done = State.PREPARING, sign_in_ref, now, 0
    _write(row)
    _tell("security.export.begun", row, by=by)
    return row


def produce(*, export_id: UUID) -> Export | None:
    """Make the file as the person who asked, for the stated purpose; None when it was stopped.

    Long: not one transaction. The file is sealed as it is written, and only a whole one is kept.
    """
    row = Export.objects.select_related("requested_by").get(pk=export_id)
    if row.state != State.PREPARING:
        return None
    user = row.requested_by
    with trail.acting_for(actor=user, purpose=row.purpose), override(user.language or "en"):
        try:
            exporter = _allowed(row.exporter, row.purpose, user)
            with transaction.atomic():
                _check(exporter, row.parameters, user)
            count = _Count(row)
            kept = files.write(_content(exporter, row, count), most=MOST_BYTES)
            # What was read is told before there is anything to take; if that fails, so does this.
            trail.record_reads(context.current())
        except Stopped:
            return None
        except (Refused, TooManyRows, files.TooLarge) as refusal:
            return _failed(row, refusal, by=user)
        return _finished(row, kept, count.rows, exporter, by=user)


@dataclass(slots=True)
class _Count:
    """Counts rows as they pass, writes down how far the work is, and stops it when it was cancelled."""

    row: Export
    rows: int = 0

    def of(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield the rows, then one that says what this file is."""
        for cells in rows:
            yield cells
            self.rows += 1
            if self.rows % BATCH == 0:
                self._mark()
        yield (watermark(self.row, self.rows),)

    def _mark(self) -> None:
        context.current().forget_keys()
        still = Export.objects.filter(pk=self.row.pk, state=State.PREPARING)
        if not still.update(rows_done=self.rows, moved_at=timezone.now()):
            raise Stopped


def watermark(row: Export, count: int) -> str:
    """Return the last line of a file: whose it is, when and what for."""
    return gettext(
        "Custodia export %(id)s for %(who)s at %(at)s, purpose %(purpose)s, %(count)d rows. "
        "Confidential: delete it when the purpose is served."
    ) % {
        "id": row.pk,
        "who": row.requested_by.handle,
        "at": timezone.localtime().strftime("%Y-%m-%d %H:%M"),
        "purpose": row.purpose,
        "count": count,
    }


def _content(exporter: Exporter, row: Export, count: _Count) -> Iterator[bytes]:
    narrowed = _narrowed(exporter, row.parameters)
    head = [str(column.label) for column in exporter.columns]
    rows = exporter.rows(row.requested_by, narrowed)
    return written(row.kind, head, count.of(rows))


@transaction.atomic
def _finished(
    row: Export, kept: files.Written, count: int, exporter: Exporter, *, by: User
) -> Export | None:
    fresh = _locked(row.pk)
    if fresh.state != State.PREPARING:
        files.remove(kept.file_id)
        return None
    fresh.state, fresh.expires_at = State.READY, timezone.now() + LINK_LIVES
    fresh.rows_count = fresh.rows_done = count
    fresh.file_id, fresh.file_key, fresh.digest = kept.file_id, kept.key, kept.sha256
    _write(fresh)
    trail.record(
        "security.export.prepared",
        changed=[fresh],
        obj=fresh,
        fields=[*(column.key for column in exporter.columns), f"sha256:{kept.sha256}"],
        counts={"rows": count, "bytes": kept.size},
        by=by,
    )
    return fresh


@transaction.atomic
def _failed(row: Export, refusal: Exception, *, by: User) -> Export:
    fresh = _locked(row.pk)
    fresh.state = State.REFUSED
    fresh.refusal = (
        str(refusal.reason)
        if isinstance(refusal, Refused)
        else gettext("It is too large for one file. Narrow it, or choose CSV.")
    )
    _write(fresh)
    _tell("security.export.failed", fresh, by=by, outcome="failed")
    return fresh


@transaction.atomic
def open_file(*, export_id: UUID, sign_in_ref: str, by: User) -> tuple[Export, bytes]:
    """Return the file to the person who asked, in the sign-in that prepared it, for fifteen minutes.

    Recorded before the first byte leaves. Raises NotOpen, and SealBroken for a file that was altered.
    """
    row = own(export_id, by)
    is_alive = row.expires_at is not None and row.expires_at > timezone.now()
    is_here = bool(sign_in_ref) and row.sign_in_ref == sign_in_ref
    if row.state != State.READY or not (is_alive and is_here) or row.file_id is None:
        raise NotOpen(_("This link is over. Ask for the export again."))
    exporter = _allowed(row.exporter, row.purpose, by)
    _check(exporter, row.parameters, by)
    content = files.read_all(row.file_id, row.file_key)
    _tell(
        "security.export.downloaded",
        row,
        by=by,
        fields=[f"sha256:{row.digest}"],
        counts={"rows": row.rows_count or 0, "bytes": len(content)},
    )
    if exporter.left is not None:
        exporter.left(by, _narrowed(exporter, row.parameters), row.rows_count or 0)
        _end(row, State.OVER, "security.export.ended", by=by)
    return row, content


@transaction.atomic
def cancel(*, export_id: UUID, by: User) -> Export:
    """Stop an own export in whatever state it is, and delete its file."""
    row = own(export_id, by)
    if row.state not in RUNNING:
        raise NotOpen(_("This export is over already."))
    _end(row, State.CANCELLED, "security.export.cancelled", by=by)
    return row


@transaction.atomic
def sweep() -> int:
    """End what outlived its time and delete its file; return how many there were."""
    now = timezone.now()
    found = (
        Export.objects.select_for_update(of=("self",), skip_locked=True)
        .exclude(state__in=(State.OVER, State.REFUSED, State.CANCELLED))
        .annotate(since=Coalesce("decided_at", "requested_at"))
    )
    old = [
        *found.filter(state=State.READY, expires_at__lte=now)[:BATCH],
        *found.exclude(state=State.READY).filter(requested_at__lt=now - REQUEST_LIVES)[:BATCH],
        *found.filter(state=State.PREPARING, since__lt=now - APPROVAL_LIVES)[:BATCH],
    ]
    return sum(_ended(row) for row in {row.pk: row for row in old}.values())


def _ended(row: Export) -> bool:
    file_id = row.file_id
    try:
        with transaction.atomic():
            _end(row, State.OVER, "security.export.ended", by=None)
    except SealBroken:
        # A row that does not open keeps no file, and no other row from its end.
        if file_id is not None:
            files.remove(file_id)
        return False
    return True


def _end(row: Export, state: str, action: str, *, by: User | None) -> None:
    file_id, row.file_id, row.file_key, row.state = row.file_id, None, "", state
    _write(row)
    _tell(action, row, by=by)
    if file_id is not None:
        # Without its key it is noise; should the deed roll back, the row still has both.
        transaction.on_commit(lambda: files.remove(file_id))


def own(export_id: UUID, by: User) -> Export:
    """Lock and return an export of this person; raise Export.DoesNotExist for anybody else's."""
    found: Export = (
        Export.objects.select_for_update(of=("self",))
        .select_related("requested_by")
        .get(pk=export_id, requested_by=by)
    )
    return found


def _locked(export_id: UUID) -> Export:
    found: Export = (
        Export.objects.select_for_update(of=("self",))
        .select_related("requested_by")
        .get(pk=export_id)
    )
    return found


def _write(row: Export) -> None:
    row.advance()
    row.save()


def _tell(action: str, row: Export, *, by: User | None, **more: Any) -> None:
    trail.record(action, changed=[row], obj=row, by=by, **more)


def decider(user: User) -> bool:
    """Tell whether a person decides about exports of others."""
    return reach_of_user(user, Permission.EXPORT_APPROVE) is not Reach.NONE
