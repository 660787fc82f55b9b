"""What is offered by appointment: services and who gives them, rooms, weekly hours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Room, Service, ServicePractitioner, WorkingHours
from engagement.services import placing
from security import trail
from security.access.gate import Refused
from security.models import User

STEP, SHORTEST, LONGEST = 5, 5, 480


class NameTaken(Refused):
    """The name is in use already."""


class OddLength(Refused):
    """No appointment takes so long."""


class NotCaring(Refused):
    """Only people who care for patients give appointments."""


class HoursClash(Refused):
    """The hours overlap others, or end before they begin."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a service is: its names, how long it takes, who gives it."""

    name: str
    name_zh: str
    minutes: int
    cancel_hours: int = 24
    is_bookable_online: bool = False
    is_active: bool = True


@transaction.atomic
def set_service(
    *, service_id: UUID | None, offer: Offer, user_ids: Collection[UUID], by: User | None
) -> Service:
    """Add a service, or change one; what is booked stays as long as it is."""
    if not SHORTEST <= offer.minutes <= LONGEST or offer.minutes % STEP:
        raise OddLength(_("An appointment takes 5 to 480 minutes, in steps of five."))
    rows = Service.objects.select_for_update(of=("self",))
    row: Service = Service() if service_id is None else rows.get(pk=service_id)
    for name in Offer.__slots__:
        setattr(row, name, getattr(offer, name))
    row.name, row.name_zh = " ".join(row.name.split()), " ".join(row.name_zh.split())
    _save(row)
    people = _set_practitioners(row, user_ids)
    if service_id is None:
        trail.record("engagement.service.added", changed=[row, *people], obj=row, by=by)
    else:
        trail.record("engagement.service.changed", changed=[row, *people], obj=row, by=by)
    return row


def _set_practitioners(row: Service, user_ids: Collection[UUID]) -> list[ServicePractitioner]:
    wanted = set(user_ids)
    if any(not placing.cares(user) for user in User.objects.filter(pk__in=wanted)):
        raise NotCaring(_("Only people who care for patients give appointments."))
    there = {one.user_id: one for one in row.practitioners.select_for_update()}
    changed = []
    for user_id in wanted - there.keys():
        changed.append(ServicePractitioner.objects.create(service=row, user_id=user_id))
    for user_id, one in there.items():
        if one.is_active != (user_id in wanted):
            one.is_active = user_id in wanted
            one.save(update_fields=["is_active"])
            changed.append(one)
    return changed


@transaction.atomic
def set_room(
    *, room_id: UUID | None, name: str, name_zh: str, is_active: bool = True, by: User | None
) -> Room:
    """Add a room, or change one."""
    rows = Room.objects.select_for_update(of=("self",))
    row: Room = Room() if room_id is None else rows.get(pk=room_id)
    row.name, row.name_zh, row.is_active = " ".join(name.split()), name_zh.strip(), is_active
    _save(row)
    if room_id is None:
        trail.record("engagement.room.added", changed=[row], obj=row, by=by)
    else:
        trail.record("engagement.room.changed", changed=[row], obj=row, by=by)
    return row


def _save(row: Model) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise NameTaken(_("This name is in use already.")) from None


@transaction.atomic
def add_hours(
    *,
    user: User,
    weekdays: Collection[int],
    begins: time,
    ends: time,
    room: Room | None,
    by: User | None,
) -> list[WorkingHours]:
    """Let somebody give appointments on some weekdays between two times of the clock."""
    if not placing.cares(user):
        raise NotCaring(_("Only people who care for patients give appointments."))
    if ends <= begins or begins.minute % STEP or ends.minute % STEP:
        raise HoursClash(_("Hours end after they begin, in steps of five minutes."))
    # Two who set the hours of one person stand in line here.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    there = WorkingHours.objects.in_force().filter(
        user=user, weekday__in=weekdays, begins__lt=ends, ends__gt=begins
    )
    if there.exists():
        raise HoursClash(_("These hours overlap others of the same person."))
    rows = WorkingHours.objects.bulk_create(
        WorkingHours(user=user, weekday=day, begins=begins, ends=ends, room=room, set_by=by)
        for day in sorted(set(weekdays))
    )
    trail.record("engagement.hours.added", subjects=[user.pk], changed=rows, by=by)
    return rows


@transaction.atomic
def remove_hours(*, hours_id: UUID, by: User | None) -> WorkingHours:
    """Take hours out from now on; what is booked in them stays booked."""
    row: WorkingHours = WorkingHours.objects.select_for_update(of=("self",)).get(pk=hours_id)
    if row.removed_at is None:
        row.removed_at = timezone.now()
        row.save(update_fields=["removed_at"])
        trail.record(
            "engagement.hours.removed", subjects=[row.user_id], changed=[row], obj=row, by=by
        )
    return row
