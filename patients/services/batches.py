"""Imports as people handle them: upload, match the columns, start, cancel, go on, undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.imports import detecting, matching, registry
from patients.imports.faults import Unreadable
from patients.imports.registry import Importer
from patients.models import ImportBatch, ImportMapping
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import files

MOST_BYTES = 2 * 1024**3
Status = ImportBatch.Status
OPEN = (Status.UPLOADED, Status.CHECKED, Status.REFUSED)


class NotNow(Refused):
    """The import has gone on meanwhile, so this can no longer be done with it."""


class NotYours(Refused):
    """The person may not import this kind of file."""


def upload(
    *, importer: Importer, file_name: str, content: Iterable[bytes], purpose: str, by: User
) -> ImportBatch:
    """Take a file in, sealed from its first byte on; raise Unreadable where it is no table with rows."""
    if not registry.may_use(by, importer):
        raise NotYours(_("Your role does not include this."))
    watch = detecting.Watch()
    try:
        written = files.write(watch.passing(content), most=MOST_BYTES)
    except files.TooLarge:
        raise Unreadable("too_large") from None
    try:
        return _keep(importer, file_name, watch.found(), written, purpose=purpose, by=by)
    except BaseException:
        # Not caught: a file without its row would lie there for ever, and nobody could open it.
        files.remove(written.file_id)
        raise


@transaction.atomic
def _keep(
    importer: Importer,
    file_name: str,
    found: detecting.Found,
    written: files.Written,
    *,
    purpose: str,
    by: User,
) -> ImportBatch:
    guessed = _remembered(importer, found.headings, by) or (
        matching.guess(importer, found.headings),
        "",
    )
    batch = ImportBatch(
        importer=importer.key,
        uploaded_by=by,
        acting_for=by,
        purpose=purpose,
        file_id=written.file_id,
        file_key=written.key,
        size=written.size,
        file_name=file_name[-120:],
        encoding=found.layout.encoding,
        delimiter=found.layout.delimiter,
        headers=found.headings,
        sample=found.sample,
        mapping=guessed[0],
        day_order=guessed[1],
        rows_total=found.rows,
    )
    batch.save(force_insert=True)
    trail.record(
        "patients.import.uploaded", changed=[batch], obj=batch, counts={"bytes": written.size}, by=by
    )  # fmt: skip
    return batch


def _remembered(
    importer: Importer, headings: list[str], by: User
) -> tuple[dict[str, int], str] | None:
    row = ImportMapping.objects.filter(
        user=by, importer=importer.key, fingerprint=matching.fingerprint(headings)
    ).first()
    if row is None:
        return None
    known = {column.key for column in importer.columns}
    fitting = {
        key: place
        for key, place in row.mapping.items()
        if key in known and isinstance(place, int) and place < len(headings)
    }
    return fitting, row.day_order


@transaction.atomic
def read_again(
    *, batch_id: UUID, version: int, encoding: str, delimiter: str, by: User
) -> ImportBatch:
    """Read the headings anew in another encoding or by another mark; raise Unreadable."""
    batch = _locked(batch_id, OPEN, version=version)
    head = bytearray()
    for part in files.read(_file_of(batch), batch.file_key):
        head += part
        if len(head) >= detecting.HEAD:
            break
    found = detecting.look(bytes(head), encoding, delimiter=delimiter)
    importer = registry.importers[batch.importer]
    batch.encoding, batch.delimiter = encoding, delimiter
    batch.headers, batch.sample = found.headings, found.sample
    batch.mapping = matching.guess(importer, found.headings)
    batch.status = Status.UPLOADED
    batch.advance()
    batch.save()
    trail.record("patients.import.layout_changed", changed=[batch], obj=batch, by=by)
    return batch


@transaction.atomic
def match(
    *, batch_id: UUID, version: int, mapping: Mapping[str, int], day_order: str, by: User
) -> ImportBatch:
    """Say which column is which, remember it for the next file, and have the file checked."""
    batch = _locked(batch_id, OPEN, version=version)
    batch.mapping, batch.day_order = dict(mapping), day_order
    _begin(batch, Status.CHECKING, by)
    batch.advance()
    batch.save()
    batch.errors.all().delete()
    matched, _is_new = ImportMapping.objects.update_or_create(
        user=by,
        importer=batch.importer,
        fingerprint=matching.fingerprint(batch.headers),
        defaults={
            "mapping": dict(mapping),
            "day_order": day_order,
            "used_at": timezone.now(),
        },
    )
    trail.record("patients.import.matched", changed=[batch, matched], obj=batch, by=by)
    return batch


@transaction.atomic
def start(*, batch_id: UUID, version: int, by: User) -> ImportBatch:
    """Begin to import what was checked, unless somebody matched the columns anew since it was seen."""
    batch = _locked(batch_id, (Status.CHECKED,), version=version)
    _begin(batch, Status.RUNNING, by)
    return _moved(batch, "patients.import.started", by)


@transaction.atomic
def resume(*, batch_id: UUID, by: User) -> ImportBatch:
    """Go on with what was paused, exactly where it stopped."""
    batch = _locked(batch_id, (Status.PAUSED,))
    batch.status, batch.paused_from = batch.paused_from, ""
    batch.problem, batch.problem_row, batch.acting_for = "", None, by
    return _moved(batch, "patients.import.resumed", by)


@transaction.atomic
def cancel(*, batch_id: UUID, by: User) -> ImportBatch:
    """Stop an import; what was written stays until it is undone."""
    stoppable = (*OPEN, Status.CHECKING, Status.RUNNING, Status.PAUSED)
    batch = _locked(batch_id, stoppable)
    if batch.paused_from == Status.UNDOING:
        raise NotNow(_("This was being undone. Go on with that."))
    batch.status, batch.ended_at, batch.lease, batch.lease_until = (
        Status.CANCELLED, timezone.now(), None, None,
    )  # fmt: skip
    return _moved(batch, "patients.import.cancelled", by)


@transaction.atomic
def undo(*, batch_id: UUID, by: User) -> ImportBatch:
    """Begin to take back what an import wrote, unless somebody has worked with it since."""
    batch = _locked(batch_id, (Status.DONE, Status.CANCELLED))
    if not batch.chunks.filter(undone_at__isnull=True).exists():
        raise NotNow(_("This import wrote nothing that could be undone."))
    total, kept = batch.rows_total, batch.rows_kept
    _begin(batch, Status.UNDOING, by)
    batch.rows_total, batch.rows_kept = total, kept
    return _moved(batch, "patients.import.undo_started", by)


def _locked(
    batch_id: UUID, stages: tuple[Status, ...], *, version: int | None = None
) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.status not in stages or version not in (None, batch.version):
        raise NotNow(_("This import has gone on meanwhile. Please look at it again."))
    return batch


def _begin(batch: ImportBatch, status: Status, by: User) -> None:
    """Let work begin from the first row on."""
    batch.status, batch.acting_for = status, by
    batch.began_at, batch.ended_at = timezone.now(), None
    batch.problem, batch.problem_row, batch.paused_from = "", None, ""
    batch.lease, batch.lease_until = None, None
    if status != Status.UNDOING:
        batch.rows_created = batch.rows_changed = batch.rows_unchanged = batch.rows_failed = 0
        batch.rows_done = batch.rows_kept = 0


def _moved(batch: ImportBatch, action: str, by: User, **told: Any) -> ImportBatch:
    batch.save(update_fields=ImportBatch.Privacy.operational)
    trail.record(action, obj=batch, by=by, **told)
    return batch


def _file_of(batch: ImportBatch) -> UUID:
    if batch.file_id is None:
        raise Unreadable("file_gone")
    return batch.file_id


@transaction.atomic
def forget_files(*, older_than: Any) -> int:
    """Delete the uploaded files of imports that nobody touched for long; the numbers of rows stay."""
    over = [one for one in Status if one not in ImportBatch.AT_WORK]
    old = list(
        ImportBatch.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(file_id__isnull=False, uploaded_at__lt=older_than, status__in=over)
        .defer("sealed", "sealed_card")[:100]
    )
    for batch in old:
        transaction.on_commit(partial(files.remove, _file_of(batch)))
        ImportBatch.objects.filter(pk=batch.pk).update(file_id=None)
    if old:
        trail.record("patients.import.files_deleted", counts={"files": len(old)})
    return len(old)
