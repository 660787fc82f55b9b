"""What pages show of exports: the own ones, and those that wait for a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from security.access.purposes import PURPOSE_LABELS
from security.exports.registry import exporters
from security.models import Export, User
from security.sealing.errors import SealBroken

SHOWN = 50
# Work that has not moved for so long was interrupted and may be begun again.
STALLED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """One export as a page shows it."""

    row: Export
    label: str
    purpose: str
    who: str
    reason: str | None
    refusal: str | None
    parameters: list[tuple[str, str]]

    @property
    def is_stalled(self) -> bool:
        """Tell whether its work has stopped moving."""
        moved = self.row.moved_at
        return (
            self.row.state == Export.State.PREPARING
            and moved is not None
            and moved < timezone.now() - STALLED
        )

    @property
    def is_running(self) -> bool:
        """Tell whether the page should look again in a moment."""
        return self.row.state == Export.State.PREPARING and not self.is_stalled


def of(user: User) -> list[Shown]:
    """Return a person's latest exports."""
    rows = Export.objects.filter(requested_by=user).select_related("requested_by")
    return _shown(rows.order_by("-requested_at", "pk")[:SHOWN])


def one(user: User, export_id: UUID) -> Shown | None:
    """Return one own export, or None."""
    rows = Export.objects.filter(requested_by=user, pk=export_id).select_related("requested_by")
    return next(iter(_shown(rows)), None)


def waiting(user: User) -> list[Shown]:
    """Return the exports of others that wait for a decision, the oldest first."""
    rows = Export.objects.filter(state=Export.State.WAITING).exclude(requested_by=user)
    return _shown(rows.select_related("requested_by").order_by("requested_at", "pk")[:SHOWN])


def _shown(rows: Iterable[Export]) -> list[Shown]:
    return [_show(row) for row in rows]


def _show(row: Export) -> Shown:
    exporter = exporters.get(row.exporter)
    labels = {str(key): str(label) for key, label in PURPOSE_LABELS.items()}
    purpose = labels.get(row.purpose, row.purpose)
    label = str(exporter.label) if exporter else row.exporter
    try:
        # Who decides must know who asked.
        name = row.requested_by.display_name or row.requested_by.handle
        return Shown(row, label, purpose, name, row.reason, row.refusal, _parameters(row, exporter))
    except SealBroken:
        return Shown(row, label, purpose, row.requested_by.handle, None, None, [])


def _parameters(row: Export, exporter: Any) -> list[tuple[str, str]]:
    if exporter is None:
        return []
    given = row.parameters if isinstance(row.parameters, dict) else {}
    form = exporter.form(given)
    return [(str(field.label), str(given.get(field.name) or "–")) for field in form]
