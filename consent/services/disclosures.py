"""Disclosing data to somebody outside: prepared, looked at, agreed to by a second person, gone once.

Each step asks everything anew: who waits with a prepared file gets nothing once the person withdrew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose, Recipient, Sharing
from consent.queries import abroad, leaving
from consent.queries.leaving import BESIDE, SECTIONS, Line, Period
from consent.services import permits
from patients.models import Patient
from patients.queries.chart import Chart
from patients.services import disclosures as accounting
from security import context, trail
from security.access.gate import Refused
from security.models import Export, User
from security.services import exports

State = Sharing.State
EXPORTER = "disclosure"


class NotYours(Refused):
    """Who prepared a disclosure looks at it and takes the file."""


class OverAlready(Refused):
    """It was cancelled, or it left."""


class NothingToDisclose(Refused):
    """Nothing was chosen, or nothing of it may be read."""


class ChangedMeanwhile(Refused):
    """The record is not any more what was looked at."""


@dataclass(frozen=True, slots=True)
class Planned:
    """To whom, what for, on what ground, and which parts of the record."""

    recipient: Recipient
    processing: ProcessingPurpose
    ground: str
    sections: Collection[str]
    why: str
    legal_basis: str = ""
    period: Period = field(default_factory=Period)
    with_protected: bool = False


@transaction.atomic
def prepare(*, patient_id: UUID, planned: Planned, by: User) -> Sharing:
    """Put together what would leave, to be looked at; nothing leaves by this."""
    row = Sharing(
        patient_id=patient_id, recipient=planned.recipient, processing=planned.processing,
        ground=planned.ground, sections=[key for key in SECTIONS if key in planned.sections],
        since_on=planned.period.since, until_on=planned.period.until,
        with_protected=planned.with_protected, prepared_by=by,
        why=planned.why, legal_basis=planned.legal_basis,
    )  # fmt: skip
    row.event_id = _permitted(row, by)
    found = [one for one in lines(row, by) if not one.is_locked]
    if not any(one.section != BESIDE for one in found):
        raise NothingToDisclose(_("There is nothing of this to disclose."))
    row.items = _named(found)
    row.save()
    _tell("consent.disclosure.prepared", row, by=by, count=len(found))
    return row


def _named(found: Collection[Line]) -> list[list[Any]]:
    return [[one.section, str(one.id), one.version] for one in found]


def lines(row: Sharing, by: User) -> list[Line]:
    """Return what stands in the record now of what a disclosure is about."""
    chart = Chart(Patient.objects.get(pk=row.patient_id), by, is_fresh=False)
    period = Period(row.since_on, row.until_on)
    return leaving.lines(chart, row.sections, period, with_protected=row.with_protected)


def chosen(row: Sharing, by: User) -> list[Line]:
    """Return the lines that leave; raise ChangedMeanwhile unless each is what was looked at."""
    found = {one.key: one for one in lines(row, by)}
    kept = [(f"{section}.{pk}", version) for section, pk, version in row.items or ()]
    same = [
        one
        for key, version in kept
        if (one := found.get(key)) and one.version == version and not one.is_locked
    ]
    if not kept or len(same) != len(kept):
        raise ChangedMeanwhile(
            _("The record changed since it was looked at. Prepare the disclosure anew.")
        )
    return same


@transaction.atomic
def ask(
    *, sharing_id: UUID, version: int, keys: Collection[str], kind: str, by: User
) -> tuple[Sharing, Export]:
    """Ask for the file with the items that stayed ticked; a second person agrees to it."""
    row = _own(sharing_id, by, version=version)
    if row.state != State.PREPARED:
        raise OverAlready(_("The file was asked for already."))
    row.event_id = _permitted(row, by)
    kept = [one for one in row.items or () if one[0] == BESIDE or f"{one[0]}.{one[1]}" in keys]
    row.items = kept
    if not any(one[0] != BESIDE for one in kept):
        raise NothingToDisclose(_("Nothing was chosen to disclose."))
    count = len(chosen(row, by))
    asked = exports.Asked(
        EXPORTER, {"disclosure": str(row.pk)}, kind, context.current().purpose, row.why or ""
    )
    # Written first: the export asks about a disclosure that stands.
    row.state = State.ASKED
    _write(row)
    export = exports.request(asked=asked, by=by)
    row.export_id = export.pk
    _write(row)
    _tell("consent.disclosure.asked", row, by=by, count=count)
    return row, export


@transaction.atomic
def cancel(*, sharing_id: UUID, by: User) -> Sharing:
    """Give a disclosure up; its file, if there is one, is deleted."""
    row = _own(sharing_id, by)
    if row.export_id is not None:
        export = Export.objects.filter(pk=row.export_id, requested_by=by).first()
        if export is not None and export.state in exports.RUNNING:
            exports.cancel(export_id=export.pk, by=by)
    row.state = State.CANCELLED
    _write(row)
    _tell("consent.disclosure.cancelled", row, by=by, count=0)
    return row


def _own(sharing_id: UUID, by: User, *, version: int | None = None) -> Sharing:
    """Lock a disclosure that this person prepared and that did not leave."""
    rows = Sharing.objects.select_for_update(of=("self",)).select_related("recipient", "processing")
    row: Sharing = rows.get(pk=sharing_id)
    if row.prepared_by_id != by.pk:
        raise NotYours(_("Somebody else prepared this disclosure."))
    if row.state not in (State.PREPARED, State.ASKED):
        raise OverAlready(_("This disclosure is over."))
    if version is not None and row.version != version:
        raise ChangedMeanwhile(
            _("The record changed since it was looked at. Prepare the disclosure anew.")
        )
    return row


def _permitted(row: Sharing, by: User) -> UUID | None:
    """Ask everything anew and return the consent event that authorises it, where one has to."""
    # What was decided before in this request or job may be older than what the person said.
    context.current().forget_decisions()
    event_id = permits.check(row, by)
    _ask_abroad(row, is_leaving=False)
    return event_id


def _ask_abroad(row: Sharing, *, is_leaving: bool) -> None:
    if row.recipient.is_abroad:
        named = leaving.categories(row.sections)
        crossing = abroad.Crossing(
            row.patient_id,
            row.recipient,
            frozenset(named),
            is_sensitive=bool(named - permits.ORDINARY),
            is_leaving=is_leaving,
        )
        abroad.ask_all(crossing)


def check(by: User, parameters: Mapping[str, Any]) -> None:
    """Refuse a file of a disclosure that may not leave any more: the export asks at every step."""
    try:
        row = _own(parameters["disclosure"], by)
    except Sharing.DoesNotExist:
        raise NotYours(_("There is no such disclosure.")) from None
    if row.state != State.ASKED:
        raise NothingToDisclose(
            _("Nobody chose yet what of it leaves. Do that on the page of the disclosure.")
        )
    _permitted(row, by)


def left(by: User, parameters: Mapping[str, Any], count: int) -> None:
    """Note that the file left, in the transaction in which it did: account, crossing, event."""
    row = _own(parameters["disclosure"], by)
    row.event_id = _permitted(row, by)
    _ask_abroad(row, is_leaving=True)
    row.state, row.left_at = State.LEFT, timezone.now()
    _write(row)
    accounting.note(patient_id=row.patient_id, told=_told(row, count), by=by)
    _tell("consent.disclosure.made", row, by=by, count=count)


def _told(row: Sharing, count: int) -> accounting.Told:
    parts = ", ".join(str(SECTIONS[key].label) for key in row.sections)
    today: date = timezone.localdate()
    return accounting.Told(
        disclosed_on=today,
        recipient=row.recipient.label,
        address=f"{row.recipient.contact} ({row.recipient.country})",
        what=f"{parts} ({count})",
        why=f"{row.processing.label}: {row.why or ''}"[:1000],
        ground=row.ground,
        legal_basis=row.legal_basis or (str(row.event_id) if row.event_id else ""),
    )


def _write(row: Sharing) -> None:
    row.advance()
    row.save()


def _tell(action: str, row: Sharing, *, by: User, count: int) -> None:
    named = [f"section:{key}" for key in row.sections]
    source = [f"source:{row.event_id}"] if row.event_id else []
    trail.record(
        action,
        subjects=[row.patient_id],
        changed=[row],
        obj=row,
        fields=[*named, *source, f"recipient:{row.recipient.key}", f"ground:{row.ground}"],
        counts={"items": count},
        by=by,
    )
