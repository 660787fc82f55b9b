"""Who saw my record: whoever read or changed it, by day and part, in plain words (GDPR 15, PIPL 45)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import actions, persons
from audit.models import Event
from audit.queries import ledger, officers, parts
from audit.queries.trail import BASES, PURPOSES, who
from security import context
from security.access.categories import Reach
from security.access.decision import decide_many, reach_of_user
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import User
from security.pages import Place, descending

# So many events are grouped into one page; a day is never torn apart, unless it fills a page alone.
EVENTS = 400
# The grounds as one says them to the patient.
BECAUSE: Mapping[str, Any] = {
    "role": _("the role includes it"),
    "team": _("care team"),
    "responsible": _("responsible clinician"),
    "break_glass": _("emergency access"),
    "proxy": _("representative of the patient"),
    "self": _("the patient"),
}
# An import names so many records in one event.
MOST_RECORDS = 1000
# What is told by the read that follows it in the same request.
ANNOUNCED = "patients.chart.opened"


@dataclass(slots=True)
class Group:
    """What one person did with one part of the record on one day."""

    day: date
    who: str
    part: str
    first_at: datetime
    last_at: datetime
    event_id: UUID
    count: int = 0
    purposes: dict[str, str] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    is_emergency: bool = False
    proof_url: str = ""

    def add(self, event: Event) -> None:
        """Count one more event; they come newest first."""
        self.count += 1
        self.first_at = event.recorded_at
        self.is_emergency |= event.basis == "break_glass"
        if event.purpose:
            self.purposes[event.purpose] = str(PURPOSES.get(event.purpose, event.purpose))
        if event.basis:
            self.bases[event.basis] = str(BECAUSE.get(event.basis, BASES.get(event.basis, "")))


def page(patient_id: UUID, *, after: str = "") -> dict[str, Any]:
    """Return who saw a patient's record, and records merged into it, the newest day first."""
    ids = list(persons.register().former(patient_id))
    rows: Any = Event.objects.filter(subjects__overlap=ids, outcome=Event.Outcome.SUCCESS)
    rows = descending(rows.exclude(action=ANNOUNCED), "recorded_at", Place.read(after))
    found = list(rows.defer("detail")[: EVENTS + 1])
    kept = _whole_days(found)
    last = kept[-1] if len(kept) < len(found) else None
    groups = _groups(kept)
    return {
        "groups": groups,
        "people": _people(groups),
        "next": Place(last.recorded_at, last.pk).text() if last else "",
    }


def _whole_days(found: list[Event]) -> list[Event]:
    if len(found) <= EVENTS:
        return found
    torn = _day(found[EVENTS])
    return [event for event in found[:EVENTS] if _day(event) != torn] or found[:EVENTS]


def _day(event: Event) -> date:
    return timezone.localtime(event.recorded_at).date()


def _groups(found: list[Event]) -> list[Group]:
    names = officers.names_of({event.actor_id for event in found})
    groups: dict[tuple[Any, ...], Group] = {}
    for event in found:
        called = _called(event, names)
        for part in _parts(event):
            key = (_day(event), event.actor_id, event.system, called, part)
            group = groups.get(key)
            if group is None:
                at = event.recorded_at
                group = groups[key] = Group(_day(event), called, part, at, at, event.pk)
            group.add(event)
    shown = list(groups.values())
    links = ledger.receipt_urls([group.event_id for group in shown])
    for group in shown:
        group.proof_url = links.get(group.event_id, "")
    return shown


def _people(groups: list[Group]) -> list[dict[str, Any]]:
    """Return the same lines under whoever it was on each day, so that a long visit reads as one."""
    found: dict[tuple[date, str], list[Group]] = {}
    for group in groups:
        found.setdefault((group.day, group.who), []).append(group)
    return [{"day": day, "who": who, "groups": lines} for (day, who), lines in found.items()]


def _parts(event: Event) -> Iterable[str]:
    """Return what of the record an event touched; a deed that names no field, by its sentence."""
    found = parts.of_patients(event.fields)
    if found or not event.action.startswith("patients."):
        return found
    return [actions.sentence(event.action)]


def _called(event: Event, names: Mapping[UUID, str]) -> str:
    """Return a name, or the roles, as the clinic has it set; never the name of another patient's account."""
    if event.actor_kind == Event.ActorKind.PATIENT:
        return gettext("The patient or a representative")
    if event.actor_kind == Event.ActorKind.SYSTEM:
        return gettext("The clinic's system")
    if settings.WHO_SAW_SHOWS == "role":
        labels = [str(ROLES[key].label) for key in event.roles if key in ROLES]
        return ", ".join(labels) or gettext("A member of staff")
    return who(event, names)


def may_prove(reader: User, event: Event) -> bool:
    """Tell whether somebody may take the proof of an event: the own doing, account or record, or all."""
    if reader.pk in (event.actor_id, *event.subjects):
        return True
    if reader.kind != User.Kind.PATIENT:
        return reach_of_user(reader, Permission.TRAIL_READ) is Reach.ALL
    records = set(persons.register().heirs(event.subjects[:MOST_RECORDS]).values())
    purpose = context.current().purpose
    return any(
        one.allowed for one in decide_many(reader, Permission.TRAIL_READ, records, purpose).values()
    )


def is_about(event_id: UUID, patient_id: UUID) -> Event | None:
    """Return an event if it touched this patient's record."""
    ids = list(persons.register().former(patient_id))
    return Event.objects.filter(pk=event_id, subjects__overlap=ids).first()
