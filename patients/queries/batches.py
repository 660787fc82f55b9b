"""What pages show of imports: the latest ones, how far they are, what was wrong with their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import ImportBatch, ImportRowError
from security.models import User
from security.sealing.errors import SealBroken

SHOWN = 30
FIRST_ERRORS = 20
Status = ImportBatch.Status
TONES = {
    Status.DONE: "good", Status.REFUSED: "danger", Status.PAUSED: "warn", Status.CHECKED: "info",
    Status.CHECKING: "info", Status.RUNNING: "info", Status.UNDOING: "info",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is."""

    done: int
    total: int
    per_second: int
    left: str

    @property
    def percent(self) -> int:
        """Return the part that is done, in hundredths."""
        return min(100, self.done * 100 // self.total) if self.total else 0


def of_kinds(keys: Iterable[str]) -> QuerySet[ImportBatch]:
    """Return the imports of some kinds: whoever may import a kind sees what colleagues imported."""
    return ImportBatch.objects.filter(importer__in=list(keys))


def latest(keys: Iterable[str]) -> list[ImportBatch]:
    """Return the latest imports of some kinds."""
    rows = of_kinds(keys).select_related("uploaded_by").defer("sealed")
    return list(rows.order_by("-uploaded_at", "pk")[:SHOWN])


def find(batch_id: UUID, keys: Iterable[str]) -> ImportBatch:
    """Return one import of the kinds that a person may import; raise DoesNotExist."""
    return of_kinds(keys).select_related("uploaded_by").get(pk=batch_id)


def name_of(batch: ImportBatch) -> str:
    """Return the name of the uploaded file."""
    try:
        return batch.file_name or ""
    except SealBroken:
        return ""


def sees_cells(user: User, batch: ImportBatch, masked: Collection[str]) -> bool:
    """Tell whether a person is shown cells of the file, some of which pages mask: it is the own one."""
    return not masked or batch.uploaded_by_id == user.pk


def tone_of(batch: ImportBatch) -> str:
    """Return how its state is coloured."""
    return TONES.get(Status(batch.status), "neutral")


def progress(batch: ImportBatch) -> Progress:
    """Return how far the work is and about how long it will take."""
    total = max(batch.rows_total, batch.rows_done)
    done = total - batch.rows_done if batch.status == Status.UNDOING else batch.rows_done
    spent = (timezone.now() - batch.began_at).total_seconds() if batch.began_at else 0
    pace = done / spent if spent > 0 else 0
    left = (total - done) / pace if pace and batch.is_at_work else None
    return Progress(done, total, round(pace), _words(left))


def _words(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    minutes = round(timedelta(seconds=seconds).total_seconds() / 60)
    said = ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes)
    return said % {"count": number_format(minutes)}


def phase_of(batch: ImportBatch) -> str:
    """Return which errors tell of the import now: those of the check, or those of the import."""
    was = batch.paused_from or batch.status
    return "check" if was in (Status.CHECKING, Status.CHECKED, Status.REFUSED) else "import"


def _errors(batch: ImportBatch) -> QuerySet[ImportRowError]:
    return ImportRowError.objects.filter(batch=batch, phase=phase_of(batch))


def summary(batch: ImportBatch) -> list[dict[str, Any]]:
    """Return what was wrong, by kind and column, the most frequent first."""
    found = _errors(batch).values("code", "column", "is_warning")
    counted = found.annotate(rows=Count("id"))
    return [dict(one) for one in counted.order_by("is_warning", "-rows", "code", "column")]


def first(batch: ImportBatch) -> list[ImportRowError]:
    """Return the first rows that were refused."""
    return list(_errors(batch).filter(is_warning=False).order_by("row", "id")[:FIRST_ERRORS])


def all_errors(batch: ImportBatch) -> Iterator[tuple[int, list[ImportRowError]]]:
    """Yield every row that something is wrong with, in the order of the file."""
    rows = _errors(batch).order_by("row", "id").iterator(chunk_size=5000)
    for number, faults in groupby(rows, key=lambda error: error.row):
        yield number, list(faults)


def has_errors(batch: ImportBatch) -> bool:
    """Tell whether there is anything to download."""
    return _errors(batch).exists()


def can_undo(batch: ImportBatch) -> bool:
    """Tell whether it wrote anything that was not taken back."""
    wrote = Q(undone_at__isnull=True) & ~Q(created=[], changed=[])
    over = batch.status in (Status.DONE, Status.CANCELLED)
    return over and batch.chunks.filter(wrote).exists()
