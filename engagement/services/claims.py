"""Claims: who takes a time of a clinician and a room; the database keeps a second one out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from engagement.models import Appointment, Claim
from engagement.queries.slots import GRID, Slot
from security.access.gate import Refused


class SlotTaken(Refused):
    """Somebody else has this time; `others` are the next free ones."""

    def __init__(self, others: Sequence[Slot] = ()) -> None:
        super().__init__(_("Somebody took this time just now. The next free times are shown."))
        self.others = tuple(others)


class RoomTaken(Refused):
    """The room is in use then."""

    def __init__(self) -> None:
        super().__init__(_("The room is in use at that time. Choose another room or time."))


def lock(*, resources: Collection[UUID | None]) -> None:
    """Let one after the other change the times of a clinician or a room; always in the same order."""
    keys = sorted(
        int.from_bytes(one.bytes[8:], "big", signed=True) for one in set(resources) if one
    )
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def units(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Yield every five minutes that a time touches."""
    at = starts_at.replace(minute=starts_at.minute - starts_at.minute % 5, second=0, microsecond=0)
    while at < ends_at:
        yield at
        at += GRID


def rows_of(appointment: Appointment) -> list[Claim]:
    """Return the claims of an appointment."""
    return [
        Claim(resource_id=resource, unit_at=at, appointment_id=appointment.pk)
        for resource in (appointment.clinician_id, appointment.room_id)
        if resource is not None
        for at in units(appointment.starts_at, appointment.ends_at)
    ]


@transaction.atomic
def take(*, appointment: Appointment) -> None:
    """Take the time of the clinician and the room; raise SlotTaken or RoomTaken."""
    wanted = rows_of(appointment)
    there = Claim.objects.filter(
        resource_id__in={one.resource_id for one in wanted},
        unit_at__in={one.unit_at for one in wanted},
    )
    # What an import took back or an erasure removed holds its time no more.
    standing = Appointment.objects.standing().filter(pk=OuterRef("appointment_id"))
    there.filter(~Exists(standing)).delete()
    held = set(there.exclude(appointment_id=appointment.pk).values_list("resource_id", flat=True))
    if appointment.clinician_id in held:
        raise SlotTaken
    if held:
        raise RoomTaken
    try:
        with transaction.atomic():
            Claim.objects.bulk_create(wanted)
    except IntegrityError:
        raise SlotTaken from None


def release(*, appointment_id: UUID) -> None:
    """Give the time of an appointment back."""
    Claim.objects.filter(appointment_id=appointment_id).delete()


def sweep(*, before: datetime) -> int:
    """Drop the claims of times that are long over; return how many."""
    count, _by_model = Claim.objects.filter(unit_at__lt=before).delete()
    return count
