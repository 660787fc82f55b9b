"""What pages show of requests for a copy: where each stands, and who may do what next."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from audit import persons
from consent.models import RecordCopy, RightsRequest
from consent.queries import requests
from security import people
from security.models import User

SHOWN = 100
KINDS = (RightsRequest.Kind.ACCESS, RightsRequest.Kind.PORTABILITY)


@dataclass(frozen=True, slots=True)
class Shown:
    """One request for a copy, the copy of it that is there, and what the reader may do with it."""

    request: RightsRequest
    who: str
    copy: RecordCopy | None
    may_begin: bool = False
    may_fetch: bool = False
    may_tell: bool = False

    @property
    def is_running(self) -> bool:
        """Tell whether the page should look again in a moment."""
        return self.copy is not None and self.copy.state == RecordCopy.State.MAKING

    @property
    def percent(self) -> int:
        """Return how much of the work is done."""
        if self.copy is None or not self.copy.parts_total:
            return 0
        return min(100, 100 * self.copy.parts_done // self.copy.parts_total)


def waiting(reader: User) -> list[Shown]:
    """Return the open requests for a copy, the most urgent first, with a constant number of queries."""
    rows = requests.visible(reader).open().filter(kind__in=KINDS)
    found = list(rows.order_by("due_on", "received_at", "pk")[:SHOWN])
    copies = {
        copy.request_id: copy
        for copy in RecordCopy.objects.filter(request__in=found).order_by("asked_at")
    }
    names = _names(reader, found)
    return [Shown(row, names.get(row.subject_id, ""), copies.get(row.pk)) for row in found]


def one(reader: User, request_id: UUID) -> Shown | None:
    """Return one request for a copy as its page shows it; None where there is none."""
    row = requests.visible(reader).filter(pk=request_id, kind__in=KINDS).first()
    if row is None:
        return None
    copies = row.copies.select_related("asked_by", "fetched_by", "told_by")
    copy = copies.order_by("-asked_at").first()
    ready = copy if copy is not None and _can_be_taken(copy) else None
    is_making = copy is not None and copy.state == RecordCopy.State.MAKING
    is_open = row.closed_at is None and row.identity_at is not None
    return Shown(
        row,
        _names(reader, [row]).get(row.subject_id, ""),
        copy,
        may_begin=is_open and not (ready or is_making),
        may_fetch=ready is not None and _may_take(reader, ready.fetched_by_id, ready.told_by_id),
        may_tell=ready is not None and _may_take(reader, ready.told_by_id, ready.fetched_by_id),
    )


def _may_take(reader: User, mine_id: UUID | None, other_id: UUID | None) -> bool:
    """Tell whether somebody may take one half: who took it before alone, and never who took the other."""
    return reader.pk != other_id and mine_id in (None, reader.pk)


def _can_be_taken(copy: RecordCopy) -> bool:
    is_alive = copy.expires_at is not None and copy.expires_at > timezone.now()
    return is_alive and copy.state == RecordCopy.State.READY


def _names(reader: User, rows: list[RightsRequest]) -> dict[UUID, str]:
    """Return how the people of requests are called for this reader; nobody who may not be known."""
    patients = {row.subject_id for row in rows if row.patient_id is not None}
    names = {one: shown.name for one, shown in persons.register().shown(reader, patients).items()}
    staff = [row.subject_id for row in rows if row.patient_id is None]
    return names | {one.pk: people.called(one) for one in User.objects.filter(pk__in=staff)}
