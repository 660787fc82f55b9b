"""Reminders: planned with the appointment, sent when due by the first way that is open, dropped with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import working_days
from engagement.models import Appointment, MessageLink, Reminder, Service
from engagement.queries import addresses, moments, preferences, reminder_words, ways
from engagement.queries.ways import NoWay, Way
from engagement.services import links, outgoing
from security import trail
from security.access.gate import Refused
from security.delivery import permits
from security.models import OutboxMessage, User

State = Reminder.State
PURPOSE = "reminders"
OPEN = ("proposed", "booked")
MOST_HOURS, MOST_RULES = 14 * 24, 5
# How long an opt-out link of a message works.
STOP_DAYS = 60
AHEAD = timedelta(days=400)


class DealtWith(Refused):
    """Somebody took care of this reminder already."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many hours before, by these ways in this order."""

    hours: int
    channels: tuple[str, ...]


def rules_of(service: Service) -> list[Rule]:
    """Return the rules of a service, the earliest reminder first; what is no rule is left out."""
    found: dict[int, Rule] = {}
    for one in service.reminders if isinstance(service.reminders, list) else ():
        hours = one.get("hours") if isinstance(one, Mapping) else None
        named = one.get("channels") if isinstance(one, Mapping) else None
        channels = tuple(c for c in preferences.USUAL if c in (named or ()))
        if type(hours) is int and 0 < hours <= MOST_HOURS and channels:
            found[hours] = Rule(hours, tuple(sorted(channels, key=list(named or ()).index)))
    return sorted(found.values(), key=lambda rule: -rule.hours)[:MOST_RULES]


# --- planning -------------------------------------------------------------------------------


@transaction.atomic
def plan(appointment: Appointment, *, by: User | None = None) -> list[Reminder]:
    """Plan the reminders of an appointment as it stands now; called again, nothing changes."""
    held = Appointment.objects.select_for_update(of=("self",)).select_related("service")
    row = held.defer("sealed").get(pk=appointment.pk)
    rows = list(Reminder.objects.select_for_update().filter(appointment=row))
    is_open = row.state in OPEN
    stale = [
        one
        for one in rows
        if one.state == State.PLANNED and (not is_open or one.starts_at != row.starts_at)
    ]
    there = {one.hours for one in rows if one.starts_at == row.starts_at}
    wanted = [rule for rule in rules_of(row.service) if rule.hours not in there] if is_open else []
    made = [_made(row, rule) for rule in wanted]
    _drop(stale)
    for one in made:
        one.save(force_insert=True)
    if made or stale:
        trail.record(
            "engagement.reminders.planned", subjects=[row.patient_id], changed=[*made, *stale], obj=row,
            counts={"planned": len(made), "dropped": len(stale)}, by=by,
        )  # fmt: skip
    return made


@transaction.atomic
def drop(appointment: Appointment, *, by: User | None = None) -> int:
    """Drop what is still planned for an appointment: it was cancelled, or took place."""
    rows = Reminder.objects.select_for_update().filter(
        appointment_id=appointment.pk, state=State.PLANNED
    )
    found = list(rows)
    _drop(found)
    if found:
        trail.record(
            "engagement.reminders.dropped", subjects=[found[0].patient_id], changed=found,
            obj=appointment, counts={"dropped": len(found)}, by=by,
        )  # fmt: skip
    return len(found)


def _drop(rows: Iterable[Reminder]) -> None:
    for row in rows:
        _settle(row, State.DROPPED, "")


def _made(row: Appointment, rule: Rule) -> Reminder:
    quiet = moments.quiet_of([row.patient_id])[row.patient_id]
    due_at = moments.due(row.starts_at, rule.hours, working_days.zone(), quiet)
    is_late = due_at < timezone.now()
    return Reminder(
        patient_id=row.patient_id, appointment=row, starts_at=row.starts_at, hours=rule.hours,
        channels=list(rule.channels), due_at=due_at,
        # Whoever books for tomorrow needs no reminder of the day before yesterday.
        state=State.SKIPPED if is_late else State.PLANNED, why="late" if is_late else "",
        settled_at=timezone.now() if is_late else None,
    )  # fmt: skip


def plan_missing(*, most: int = 500) -> int:
    """Plan for appointments ahead that have none at their time, as imported or moved ones; tell how many."""
    now = timezone.now()
    there = Reminder.objects.filter(appointment=OuterRef("pk"), starts_at=OuterRef("starts_at"))
    rows = Appointment.objects.filter(
        ~Exists(there), state__in=OPEN, starts_at__gt=now, starts_at__lt=now + AHEAD
    )
    wanted = rows.exclude(service__reminders=[]).defer("sealed").order_by("starts_at", "pk")
    return sum(bool(plan(one)) for one in list(wanted[:most]))


@transaction.atomic
def plan_again(*, patient_id: UUID, by: User | None) -> int:
    """Set anew when planned reminders of a person leave, after the person wished other quiet hours."""
    rows = Reminder.objects.select_for_update().filter(patient_id=patient_id, state=State.PLANNED)
    zone, quiet = working_days.zone(), moments.quiet_of([patient_id])[patient_id]
    moved = []
    for row in rows:
        due_at = moments.due(row.starts_at, row.hours, zone, quiet)
        if due_at != row.due_at:
            row.due_at = due_at
            row.advance()
            row.save()
            moved.append(row)
    if moved:
        trail.record(
            "engagement.reminders.moved", subjects=[patient_id], changed=moved,
            counts={"moved": len(moved)}, by=by,
        )  # fmt: skip
    return len(moved)


# --- sending --------------------------------------------------------------------------------


@transaction.atomic
def queue_next(*, at: datetime | None = None) -> Reminder | None:
    """Hand the reminder that is due for longest to delivery, or say why not; None: nothing is due."""
    now = at or timezone.now()
    row: Reminder | None = (
        Reminder.objects.due(now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("appointment__service")
        .order_by("due_at", "pk")
        .first()
    )
    if row is None:
        return None
    needless = _needless(row, now)
    if needless:
        _settle(row, State.DROPPED if needless == "gone" else State.SKIPPED, needless)
    else:
        _send(row)
    trail.record(
        "engagement.reminder.settled", subjects=[row.patient_id], changed=[row], obj=row,
        fields=[f"state:{row.state}", *([f"why:{row.why}"] if row.why else [])],
    )  # fmt: skip
    return row


def _needless(row: Reminder, now: datetime) -> str:
    appointment = row.appointment
    if appointment.state not in OPEN or appointment.starts_at != row.starts_at:
        return "gone"
    if now >= row.starts_at:
        return "late"
    nearer = Reminder.objects.due(now).filter(
        appointment_id=row.appointment_id, starts_at=row.starts_at, hours__lt=row.hours
    )
    if nearer.exists():
        # After an outage both are due: one is enough.
        return "overtaken"
    quiet = moments.quiet_of([row.patient_id])[row.patient_id]
    return "quiet" if quiet.holding(now, working_days.zone()) else ""


def _send(row: Reminder) -> None:
    found = _first_way(row.patient_id, row.channels)
    if isinstance(found, NoWay):
        _settle(row, State.UNREACHED, found.why)
        return
    message = outgoing.send_by(
        way=found, purpose=PURPOSE, content=_content(row, found), once_key=f"reminder:{row.pk}",
        origin_id=row.pk, by=None,
    )  # fmt: skip
    row.channel, row.message_id = found.channel, message.pk
    _settle(row, State.QUEUED, "")


def _first_way(patient_id: UUID, channels: Sequence[str]) -> Way | NoWay:
    """Return the first way that is open; where none is, the reason of the way that comes nearest."""
    wish = preferences.of_many([patient_id]).get(patient_id, preferences.Wish())
    found: Way | NoWay = NoWay(patient_id, ways.NOT_WISHED)
    for channel in preferences.ordered(channels, wish):
        way = ways.find(patient_id, PURPOSE, channel)
        if isinstance(way, Way) and channel in outgoing.channels_in_use():
            return way
        found = way if isinstance(way, NoWay) else NoWay(patient_id, "channel")
    return found


def _content(row: Reminder, way: Way) -> outgoing.Content:
    token = links.issue(
        kind=MessageLink.Kind.APPOINTMENT, subject_id=row.patient_id, target_id=row.appointment_id,
        expires_at=row.starts_at, purpose=PURPOSE, channel=way.channel, by=None,
    )  # fmt: skip
    link = addresses.link_to("answer", token)
    stop = ""
    if way.channel == "email":
        stop = addresses.link_to("opt_out", outgoing.stop_token(way, PURPOSE, STOP_DAYS))
    title, text = reminder_words.written(
        row, channel=way.channel, language=way.language, link=link, stop=stop
    )
    return outgoing.Content(reminder_words.TOPIC, title, text, link)


def _settle(row: Reminder, state: str, why: str) -> None:
    row.state, row.why, row.settled_at = state, why[:16], timezone.now()
    row.advance()
    row.save()


def still_wanted(row: OutboxMessage) -> str:
    """Return "gone" where the appointment that a waiting message is about was moved or is over."""
    if row.topic != reminder_words.TOPIC or row.origin_id is None:
        return ""
    rows = Reminder.objects.filter(
        pk=row.origin_id, appointment__state__in=OPEN, starts_at__gt=timezone.now(),
        appointment__starts_at=F("starts_at"),
    )  # fmt: skip
    return "" if rows.exists() else "gone"


def install() -> None:
    """Ask whether a reminder is still wanted whenever one leaves."""
    permits.add("reminder", still_wanted)


# --- by people ------------------------------------------------------------------------------


@transaction.atomic
def settle_by_hand(*, reminder_id: UUID, outcome: str, by: User) -> Reminder:
    """Take down what somebody did about a reminder that reaches nobody."""
    row: Reminder = Reminder.objects.select_for_update(of=("self",)).get(pk=reminder_id)
    if row.state != State.UNREACHED or row.handled_at is not None:
        raise DealtWith(_("Somebody took care of this already."))
    row.handled_at, row.handled_by, row.outcome = timezone.now(), by, outcome.strip()
    row.advance()
    row.save()
    trail.record(
        "engagement.reminder.handled", subjects=[row.patient_id], changed=[row], obj=row, by=by
    )
    return row


@transaction.atomic
def set_rules(*, service_id: UUID, rules: Sequence[Rule], by: User) -> Service:
    """Say when and by which ways a service reminds; what is planned stays as it was planned."""
    row = Service.objects.select_for_update().get(pk=service_id)
    said: list[dict[str, Any]] = [
        {"hours": one.hours, "channels": list(one.channels)}
        for one in sorted(rules, key=lambda one: -one.hours)
    ]
    row.reminders = said
    row.save(update_fields=["reminders"])
    trail.record(
        "engagement.service.reminders_set",
        changed=[row],
        obj=row,
        counts={"rules": len(said)},
        by=by,
    )
    return row
