"""What can be booked, as a form offers it: services, people, rooms, and free times by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from engagement import clocks
from engagement.models import Room, Service, ServicePractitioner, WorkingHours
from engagement.queries import agenda, slots
from engagement.queries.slots import Slot
from patients.queries import colleagues

DAYS, MOST = 7, 80


def services(clinician_id: UUID | None = None) -> list[tuple[str, str]]:
    """Return what is offered, by name; of one person what this person gives."""
    gives = ServicePractitioner.objects.filter(is_active=True, user__is_active=True)
    if clinician_id is not None:
        gives = gives.filter(user_id=clinician_id)
    rows = Service.objects.active().filter(pk__in=gives.values("service_id"))
    return sorted(((str(row.pk), row.label) for row in rows), key=lambda pair: pair[1])


def people() -> list[tuple[str, str]]:
    """Return who gives appointments, by name."""
    return [(str(user_id), name) for user_id, name in agenda.people()]


def rooms() -> list[tuple[str, str]]:
    """Return the rooms in use, by name."""
    rows = Room.objects.filter(is_active=True)
    return sorted(((str(row.pk), row.label) for row in rows), key=lambda pair: pair[1])


def times(
    service: Service,
    *,
    day: date,
    clinician_id: UUID | None,
    patient_id: UUID | None = None,
    instead_of: UUID | None = None,
) -> dict[str, Any]:
    """Return the free times of a week from a day on, by day; where there are none, the next ones."""
    whom = None if clinician_id is None else [clinician_id]
    found = slots.free(
        service, first=day, days=DAYS, clinician_ids=whom, patient_id=patient_id,
        instead_of=instead_of,
    )  # fmt: skip
    is_later = False
    if not found:
        after = clocks.span(day, day, clocks.zone())[0]
        found, is_later = slots.next_free(
            service, after=after, clinician_id=clinician_id, limit=MOST, patient_id=patient_id
        ), True  # fmt: skip
    return {
        "days": by_day(found[:MOST]),
        "is_later": is_later and bool(found),
        "is_cut": len(found) > MOST,
        "next_day": (day + timedelta(days=DAYS)).isoformat(),
    }


def by_day(found: Sequence[Slot]) -> list[dict[str, Any]]:
    """Return free times by the day on the wall, each with the value that a form sends."""
    where = clocks.zone()
    names = colleagues.names_of({one.clinician_id for one in found})
    days: dict[date, list[dict[str, Any]]] = {}
    for one in found:
        shown = {
            "value": value_of(one.clinician_id, one),
            "at": one.starts_at,
            "clock": clocks.clock(one.starts_at, where),
            "clinician": names.get(one.clinician_id, ""),
        }
        days.setdefault(one.starts_at.astimezone(where).date(), []).append(shown)
    return [
        {"label": clocks.day_words(day, where), "times": rows} for day, rows in sorted(days.items())
    ]


def first_from(offered: dict[str, Any], at: datetime | None) -> str:
    """Return the value of the first free time from an instant on, "" where none was asked for."""
    if at is None:
        return ""
    rows = (one for day in offered["days"] for one in day["times"])
    return next((str(one["value"]) for one in rows if one["at"] >= at), "")


def value_of(clinician_id: UUID, one: Slot) -> str:
    """Return a free time as a form sends it."""
    return f"{clinician_id}|{clocks.written(one.starts_at)}"


def planning() -> dict[str, Any]:
    """Return what is offered, by whom, where and when, for whoever sets it up."""
    services = list(Service.objects.order_by("-is_active", "name"))
    gives = ServicePractitioner.objects.filter(is_active=True)
    hours = list(
        WorkingHours.objects.in_force().select_related("room").order_by("weekday", "begins", "pk")
    )
    names = colleagues.names_of(
        {one.user_id for one in hours} | set(gives.values_list("user_id", flat=True))
    )
    whom: dict[UUID, list[str]] = {}
    for service_id, user_id in gives.values_list("service_id", "user_id"):
        whom.setdefault(service_id, []).append(names.get(user_id, ""))
    return {
        "services": [
            {
                "id": row.pk, "label": row.label, "minutes": row.minutes, "is_active": row.is_active,
                "online": row.is_bookable_online, "people": sorted(whom.get(row.pk, [])),
            }
            for row in services
        ],
        "rooms": list(Room.objects.order_by("-is_active", "name")),
        "people": [
            {"id": user_id, "name": name, "hours": [one for one in hours if one.user_id == user_id]}
            for user_id, name in sorted(names.items(), key=lambda pair: pair[1])
        ],
    }  # fmt: skip
