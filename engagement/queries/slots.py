"""Times that are free: within somebody's hours, taken by nobody, the room free as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from engagement import clocks
from engagement.models import Appointment, Service, ServicePractitioner
from engagement.queries import hours
from engagement.queries.hours import Stretch

# Everything begins on a grid of five minutes.
GRID = timedelta(minutes=5)
LONGEST_STEP = 30
# So far ahead is looked for a free time, and so many are offered in place of one that is taken.
LOOK_AHEAD_DAYS, OTHERS = 28, 3
Busy = dict[UUID, list[tuple[datetime, datetime]]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time of somebody."""

    clinician_id: UUID
    room_id: UUID | None
    starts_at: datetime
    ends_at: datetime


def practitioners(service_id: UUID) -> list[UUID]:
    """Return who gives a service now."""
    rows = ServicePractitioner.objects.filter(
        service_id=service_id, is_active=True, user__is_active=True
    )
    return list(rows.order_by("user_id").values_list("user_id", flat=True))


def free(
    service: Service,
    *,
    first: date,
    days: int = 7,
    clinician_ids: Collection[UUID] | None = None,
    limit: int = 0,
    patient_id: UUID | None = None,
    instead_of: UUID | None = None,
) -> list[Slot]:
    """Return the free times for a service from a day on, the earliest first; a constant number of queries.

    A patient's own appointments count as taken; the appointment that is moved does not.
    """
    whom = practitioners(service.pk)
    if clinician_ids is not None:
        whom = [one for one in whom if one in set(clinician_ids)]
    open_times = hours.stretches(whom, first, first + timedelta(days=days - 1))
    if not open_times:
        return []
    busy = taken(open_times, patient_id=patient_id, instead_of=instead_of)
    length, now = timedelta(minutes=service.minutes), timezone.now()
    found = [
        slot
        for one in open_times
        for slot in _within(one, length, _held(one, busy, patient_id), now)
    ]
    found.sort(key=lambda slot: (slot.starts_at, slot.clinician_id))
    return found[:limit] if limit else found


def _held(one: Stretch, busy: Busy, patient_id: UUID | None) -> list[tuple[datetime, datetime]]:
    whose = [one.user_id, one.room_id, patient_id]
    return sorted(span for key in whose if key is not None for span in busy.get(key, ()))


def taken(
    open_times: Sequence[Stretch], *, patient_id: UUID | None = None, instead_of: UUID | None = None
) -> Busy:
    """Return which times of the people, rooms and the patient concerned are taken, with one query."""
    people = {one.user_id for one in open_times}
    rooms = {one.room_id for one in open_times if one.room_id}
    whose = Q(clinician_id__in=people) | Q(room_id__in=rooms)
    if patient_id is not None:
        whose |= Q(patient_id=patient_id)
    rows = Appointment.objects.standing().filter(
        whose,
        starts_at__lt=max(one.ends_at for one in open_times),
        ends_at__gt=min(one.starts_at for one in open_times),
    )
    if instead_of is not None:
        rows = rows.exclude(pk=instead_of)
    found: Busy = {}
    for *keys, start, end in rows.values_list(
        "clinician_id", "room_id", "patient_id", "starts_at", "ends_at"
    ):
        for key in keys:
            if key is not None:
                found.setdefault(key, []).append((start, end))
    return found


def _within(
    one: Stretch, length: timedelta, held: Sequence[tuple[datetime, datetime]], now: datetime
) -> Iterator[Slot]:
    step = min(length, timedelta(minutes=LONGEST_STEP))
    at = one.starts_at
    if at <= now:
        # Nothing begins in the past; the grid of the day is kept.
        at += step * ((now - at) // step + 1)
    while at + length <= one.ends_at:
        over = max((end for start, end in held if start < at + length and end > at), default=None)
        if over is None:
            yield Slot(one.user_id, one.room_id, at, at + length)
            at += step
        else:
            # Right behind what is there, so that no time is lost between two.
            at = rounded(over)


def rounded(at: datetime) -> datetime:
    """Return the next time on the grid."""
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    late = timedelta(minutes=whole.minute % 5)
    on_grid = whole - late
    return on_grid if on_grid >= at else on_grid + GRID


def next_free(
    service: Service,
    *,
    after: datetime,
    clinician_id: UUID | None = None,
    limit: int = OTHERS,
    patient_id: UUID | None = None,
) -> list[Slot]:
    """Return the next free times after one that is taken."""
    day = after.astimezone(clocks.zone()).date()
    whom = None if clinician_id is None else [clinician_id]
    for first, days in ((day, 3), (day + timedelta(days=3), LOOK_AHEAD_DAYS)):
        found = free(service, first=first, days=days, clinician_ids=whom, patient_id=patient_id)
        later = [slot for slot in found if slot.starts_at >= after]
        if later:
            return later[:limit]
    return []


def stretch_of(clinician_id: UUID, starts_at: datetime, ends_at: datetime) -> Stretch | None:
    """Return the hours of somebody that a time lies in, or None."""
    where = clocks.zone()
    first, last = (at.astimezone(where).date() for at in (starts_at, ends_at))
    return next(
        (
            one
            for one in hours.stretches([clinician_id], first, last)
            if one.starts_at <= starts_at and ends_at <= one.ends_at
        ),
        None,
    )
