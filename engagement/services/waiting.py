"""The waiting list: who would come sooner, and the times that became free and are offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Appointment, Service, ServicePractitioner, SlotOffer, WaitingEntry
from engagement.queries.slots import Slot
from engagement.services import placing
from security import trail
from security.access.gate import Refused
from security.models import User

State, Part = WaitingEntry.State, WaitingEntry.Part
NOON = time(12)


class WaitsAlready(Refused):
    """The patient waits for this service already."""


class NotWaiting(Refused):
    """Nobody waits here any more."""


class BadDays(Refused):
    """The days of the wish are over, or in the wrong order."""


class OfferOver(Refused):
    """The offered time is not free any more, or was answered."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody waits for."""

    service_id: UUID
    first_on: date
    last_on: date
    clinician_id: UUID | None = None
    part: str = Part.ANY
    note: str = ""


@transaction.atomic
def add(*, patient_id: UUID, wish: Wish, by: User | None) -> WaitingEntry:
    """Put a patient on the waiting list for a service."""
    placing.lock_patient(patient_id)
    _check(wish)
    waits = WaitingEntry.objects.waiting().filter(patient_id=patient_id, service_id=wish.service_id)
    if waits.exists():
        raise WaitsAlready(_("The patient waits for this service already."))
    later = Appointment.objects.filter(
        patient_id=patient_id, service_id=wish.service_id, state__in=Appointment.AHEAD,
        starts_at__gt=timezone.now(),
    ).order_by("starts_at")  # fmt: skip
    row = WaitingEntry(
        patient_id=patient_id,
        service_id=wish.service_id,
        clinician_id=wish.clinician_id,
        first_on=wish.first_on,
        last_on=wish.last_on,
        part=wish.part,
        instead_of=later.values_list("pk", flat=True).first(),
        created_by=by,
        note=" ".join(wish.note.split()),
    )
    row.save()
    trail.record("engagement.waiting.added", subjects=[patient_id], changed=[row], obj=row, by=by)
    return row


def _check(wish: Wish) -> None:
    if not Service.objects.active().filter(pk=wish.service_id).exists():
        raise placing.NotOffered(_("This service is not offered any more."))
    if wish.clinician_id is not None:
        placing.service_of(wish.service_id, wish.clinician_id)
    if wish.last_on < wish.first_on:
        raise BadDays(_("The last day lies before the first."))
    if wish.last_on < clocks.today():
        raise BadDays(_("These days are over."))
    if wish.part not in Part.values:
        raise BadDays(_("There is no such part of the day."))


@transaction.atomic
def withdraw(*, entry_id: UUID, version: int, by: User | None) -> WaitingEntry:
    """Take a patient off the waiting list."""
    row = _locked(entry_id)
    if row.version != version or row.state != State.WAITING:
        raise NotWaiting(_("This entry was changed meanwhile. Look at the list again."))
    _end(row, State.WITHDRAWN, by)
    trail.record(
        "engagement.waiting.withdrawn", subjects=[row.patient_id], changed=[row], obj=row, by=by
    )
    return row


def _locked(entry_id: UUID) -> WaitingEntry:
    row = WaitingEntry.objects.select_for_update(of=("self",)).filter(pk=entry_id).first()
    if row is None:
        raise NotWaiting(_("This entry was changed meanwhile. Look at the list again."))
    return row


def _end(row: WaitingEntry, state: str, by: User | None) -> None:
    """Let an entry be over, and what was offered to it."""
    row.state, row.ended_at = state, timezone.now()
    row.advance()
    row.save()
    offers = row.offers.select_for_update().filter(state=SlotOffer.State.OPEN)
    _close(list(offers.order_by("pk")), "gone", by)


def _close(rows: list[SlotOffer], state: str, by: User | None) -> None:
    if not rows:
        return
    for row in rows:
        row.state, row.ended_at = state, timezone.now()
        row.save(update_fields=["state", "ended_at"])
    trail.record("engagement.offer.closed", changed=rows, counts={"offers": len(rows)}, by=by)


@transaction.atomic
def offer(*, freed: Slot, service_id: UUID, by: User | None) -> list[SlotOffer]:
    """Offer a time that became free to the first whom it fits; whoever says yes first has it."""
    if freed.starts_at <= timezone.now():
        return []
    services = ServicePractitioner.objects.filter(user_id=freed.clinician_id, is_active=True)
    found = _fitting(freed, [service_id, *services.values_list("service_id", flat=True)])
    rows = [
        SlotOffer(
            entry=entry, clinician_id=freed.clinician_id, room_id=freed.room_id,
            starts_at=freed.starts_at, ends_at=freed.ends_at,
        )
        for entry in found
    ]  # fmt: skip
    if rows:
        SlotOffer.objects.bulk_create(rows)
        trail.record(
            "engagement.offer.made",
            subjects={entry.patient_id for entry in found},
            changed=rows,
            counts={"offers": len(rows)},
            by=by,
        )
    return rows


def _fitting(freed: Slot, service_ids: list[UUID]) -> list[WaitingEntry]:
    """Return who waits longest for such a time; the service must not take longer than there is room."""
    local = freed.starts_at.astimezone(clocks.zone())
    part = Part.MORNING if local.time() < NOON else Part.AFTERNOON
    busy = Appointment.objects.standing().filter(
        starts_at__lt=freed.ends_at, ends_at__gt=freed.starts_at
    )
    rows = (
        WaitingEntry.objects.waiting()
        .filter(
            Q(clinician_id=freed.clinician_id) | Q(clinician__isnull=True),
            service_id__in=service_ids,
            service__is_active=True,
            service__minutes__lte=(freed.ends_at - freed.starts_at).total_seconds() / 60,
            first_on__lte=local.date(),
            last_on__gte=local.date(),
            part__in=[Part.ANY, part],
            patient__merged_into__isnull=True,
        )
        .exclude(patient_id__in=busy.values("patient_id"))
        .exclude(offers__clinician_id=freed.clinician_id, offers__starts_at=freed.starts_at)
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("created_at", "pk")
    )
    return list(rows[: settings.WAITING_LIST_OFFERS])


@transaction.atomic
def decline(*, offer_id: UUID, by: User | None) -> SlotOffer:
    """Note that somebody does not want an offered time; they wait on."""
    row = open_offer(offer_id, is_locked=True)
    row.state, row.ended_at = SlotOffer.State.DECLINED, timezone.now()
    row.save(update_fields=["state", "ended_at"])
    trail.record(
        "engagement.offer.declined", subjects=[row.entry.patient_id], changed=[row], obj=row, by=by
    )
    return row


def open_offer(offer_id: UUID, *, is_locked: bool = False) -> SlotOffer:
    """Return an offer that waits for its answer; raise OfferOver."""
    rows = SlotOffer.objects.select_related("entry")
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    row = rows.filter(pk=offer_id, state=SlotOffer.State.OPEN).first()
    if row is None:
        raise OfferOver(_("This offer is over: the time was taken, or it was answered."))
    return row


@transaction.atomic
def note_booked(*, appointment: Appointment, by: User | None) -> None:
    """End what a booking makes void: the entry of who is booked, and offers of the same time to others."""
    entries = WaitingEntry.objects.waiting().select_for_update(of=("self",))
    for entry in entries.filter(
        patient_id=appointment.patient_id,
        service_id=appointment.service_id,
        last_on__gte=appointment.starts_at.astimezone(clocks.zone()).date(),
    ).order_by("pk"):
        taken = entry.offers.filter(
            state="open", clinician_id=appointment.clinician_id, starts_at=appointment.starts_at
        )
        _close(list(taken.select_for_update()), "taken", by)
        _end(entry, State.BOOKED, by)
        trail.record(
            "engagement.waiting.booked",
            subjects=[entry.patient_id],
            changed=[entry],
            obj=entry,
            by=by,
        )
    _close(list(_overlapping(appointment)), "gone", by)


def _overlapping(appointment: Appointment) -> list[SlotOffer]:
    rows = SlotOffer.objects.select_for_update(of=("self",)).filter(
        state="open", clinician_id=appointment.clinician_id,
        starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at,
    )  # fmt: skip
    return list(rows.order_by("pk"))


@transaction.atomic
def sweep(*, now: datetime, by: User | None = None) -> int:
    """End what is over: offers of times that began, and entries whose days are over; return how many."""
    offers = SlotOffer.objects.select_for_update(of=("self",)).filter(
        state="open", starts_at__lte=now
    )
    closed = list(offers.order_by("pk"))
    _close(closed, "gone", by)
    entries = list(
        WaitingEntry.objects.waiting()
        .select_for_update(of=("self",), skip_locked=True)
        .filter(last_on__lt=clocks.today())
        .order_by("pk")
    )
    for entry in entries:
        _end(entry, State.OVER, by)
    if entries:
        trail.record(
            "engagement.waiting.ended",
            subjects={entry.patient_id for entry in entries},
            changed=entries,
            counts={"entries": len(entries)},
            by=by,
        )
    return len(closed) + len(entries)
