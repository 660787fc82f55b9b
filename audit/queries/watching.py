"""What rules look at: events of the trail in batches, the accesses among them, and what went before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from statistics import mean, median, pstdev
from typing import Any, cast
from uuid import UUID, uuid5

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import Access as AccessRow
from audit.models import Event
from security.models import RoleAssignment
from security.monitoring import Access, Seen, knowers

SEEN = (
    "pk", "recorded_at", "action", "outcome", "actor_id", "actor_kind", "roles", "purpose", "basis",
    "subjects", "object_id", "fields", "counts", "device_ref", "request_id",
)  # fmt: skip
ACCESS = (
    "request_id", "event_id", "actor_id", "subject_id", "occurred_at", "role", "basis", "ground",
)  # fmt: skip
# A deed that shows each of its patients in full, not one and by the way others.
OF_EACH = "patients.patient.compared"
NIGHT_FROM, NIGHT_TO = 22, 6
HABIT = timedelta(days=28)
# Who works at night so often works at night.
NIGHT_SHARE = 0.2
# Fewer colleagues than this have no usual number.
FEWEST_PEERS = 5
# Turns the median deviation into a standard deviation of what is spread normally.
SPREAD = 1.4826

PER_PERSON = """
SELECT count(DISTINCT subject_id) FROM audit_access
WHERE occurred_at > %s AND occurred_at <= %s AND role = %s AND ground = '' GROUP BY actor_id
"""
PER_HOUR = """
SELECT count(DISTINCT subject_id) FROM audit_access
WHERE occurred_at > %s AND occurred_at <= %s AND role = %s
GROUP BY actor_id, date_trunc('hour', occurred_at)
"""
NIGHTS = """
SELECT actor_id, avg((h.hour >= %s OR h.hour < %s)::int)
FROM (SELECT actor_id, extract(hour FROM occurred_at AT TIME ZONE %s) AS hour FROM audit_access
      WHERE actor_id = ANY(%s::uuid[]) AND occurred_at > %s AND occurred_at < %s) AS h
GROUP BY actor_id
"""


def seen(events: QuerySet[Event]) -> list[Seen]:
    """Return events as rules see them, the oldest first."""
    rows = events.order_by("recorded_at", "pk").values_list(*SEEN)
    return [Seen(*row) for row in rows]


def candidates(events: Iterable[Seen]) -> list[list[Access]]:
    """Return, for each request in which colleagues opened a record, the patients it may have been.

    A page about one patient has the ground on which it was let in; what lists and searches read has none.
    A page may name relatives as well: an event that names one patient alone tells whose record it is. Where
    two records lie side by side each is opened, as if in a request of its own.
    """
    opened = [
        one
        for one in events
        if one.basis and one.actor_id and one.actor_kind == "staff" and one.outcome == "success"
    ]
    ids = {subject for one in opened for subject in one.subjects}
    patients = set().union(*(known(ids) for known in knowers)) if ids else set()
    found: dict[UUID, list[Access]] = {}
    for one in opened:
        about = [subject for subject in one.subjects if subject in patients]
        if one.action == OF_EACH:
            for subject in about:
                own = uuid5(one.id, str(subject))
                found[own] = [_access(one, subject)._replace(request_id=own)]
            continue
        before = found.get(one.request_id)
        if about and (before is None or len(about) < len(before)):
            found[one.request_id] = [_access(one, subject) for subject in about]
    return list(found.values())


def _access(event: Seen, subject: UUID) -> Access:
    actor = cast(UUID, event.actor_id)
    role = event.roles[0] if event.roles else ""
    return Access(event.request_id, event.id, actor, subject, event.at, role, event.basis)


class Batch:
    """Events to be looked at, with what of them are accesses, and what went before."""

    def __init__(self, events: Sequence[Seen], accesses: Sequence[Access]) -> None:
        """Take the events and accesses, the oldest first."""
        self.events, self.accesses = events, accesses
        self.since = events[0].at if events else timezone.now()
        self.until = events[-1].at if events else self.since
        self._usual: dict[tuple[timedelta, str, str], float] = {}

    @cached_property
    def unexplained(self) -> Sequence[Access]:
        """Return the accesses that nothing explains."""
        return [one for one in self.accesses if not one.ground]

    def history(
        self, actors: Collection[UUID], window: timedelta, *, unexplained: bool = False
    ) -> Mapping[UUID, Sequence[Access]]:
        """Return the accesses of some people in a window before the batch and in it, the oldest first."""
        rows = self._within(window).filter(actor_id__in=set(actors))
        if unexplained:
            rows = rows.filter(ground="")
        return _grouped(rows, "actor_id")

    def of_subjects(
        self, subjects: Collection[UUID], window: timedelta
    ) -> Mapping[UUID, Sequence[Access]]:
        """Return the unexplained accesses to some patients in a window before the batch and in it."""
        rows = self._within(window).filter(subject_id__in=set(subjects), ground="")
        return _grouped(rows, "subject_id")

    def _within(self, window: timedelta) -> QuerySet[AccessRow]:
        return AccessRow.objects.filter(
            occurred_at__gt=self.since - window, occurred_at__lte=self.until
        )

    def deeds(
        self, actors: Collection[UUID], actions: Collection[str], window: timedelta
    ) -> Mapping[UUID, Sequence[Seen]]:
        """Return events of some people and actions in a window before the batch and in it."""
        rows = Event.objects.filter(
            actor_id__in=set(actors), action__in=set(actions),
            recorded_at__gt=self.since - window, recorded_at__lte=self.until,
        )  # fmt: skip
        found: dict[UUID, list[Seen]] = defaultdict(list)
        for one in seen(rows) if actors else ():
            found[one.actor_id].append(one)  # type: ignore[index]
        return found

    def last_before(self, actors: Collection[UUID], window: timedelta) -> Mapping[UUID, datetime]:
        """Return when some people were last seen before the window before the batch."""
        sql = (
            "SELECT who, (SELECT max(recorded_at) FROM audit_event e"
            " WHERE e.actor_id = who AND e.recorded_at < %s) FROM unnest(%s::uuid[]) AS who"
        )
        return {who: at for who, at in _rows(sql, [self.since - window, list(set(actors))]) if at}

    def told_about(self, people: Collection[UUID], action: str) -> Mapping[UUID, datetime]:
        """Return when an action was last recorded about some people, up to the end of the batch."""
        events = Event.objects.filter(
            action=action, subjects__overlap=list(people), recorded_at__lte=self.until
        )
        found: dict[UUID, datetime] = {}
        for one in seen(events) if people else ():
            found |= {subject: one.at for subject in one.subjects if subject in people}
        return found

    def first_of_devices(
        self, pairs: Collection[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], datetime]:
        """Return when people first came with a browser, where they had come with another before."""
        asked = [(who, device) for who, device in set(pairs) if device]
        sql = (
            "SELECT p.who, p.device, min(e.recorded_at) FILTER (WHERE e.device_ref = p.device),"
            " min(e.recorded_at) FILTER (WHERE e.device_ref NOT IN (p.device, ''))"
            " FROM unnest(%s::uuid[], %s::text[]) AS p(who, device)"
            " JOIN audit_event e ON e.actor_id = p.who AND e.recorded_at <= %s GROUP BY 1, 2"
        )
        who, devices = [one for one, _ in asked], [device for _, device in asked]
        return {
            (person, device): first
            for person, device, first, other in _rows(sql, [who, devices, self.until])
            if first and other and other < first
        }

    def usual(self, window: timedelta, role: str, *, per: str) -> float:
        """Return what is much for a role: mean and three deviations, per hour or per person in the window.

        Of people the median and its deviation are taken: those who are looked for must not move the scale.
        """
        key = (window, role, per)
        if key not in self._usual:
            numbers = self._numbers(window, role, per)
            if per == "person":
                # Who opened nothing unexplained is a colleague as well, and most are like that.
                held = RoleAssignment.objects.in_force(self.until).filter(role=role)
                numbers += [0] * (held.values("user_id").distinct().count() - len(numbers))
            if len(numbers) < FEWEST_PEERS:
                self._usual[key] = 0.0
            elif per == "hour":
                self._usual[key] = mean(numbers) + 3 * pstdev(numbers)
            else:
                middle = median(numbers)
                spread = median(abs(number - middle) for number in numbers)
                self._usual[key] = middle + 3 * SPREAD * spread
        return self._usual[key]

    def _numbers(self, window: timedelta, role: str, per: str) -> list[int]:
        """Return how many charts: of each person and busy hour, or unexplained ones of each person."""
        sql = PER_HOUR if per == "hour" else PER_PERSON
        return [number for (number,) in _rows(sql, [self.until - window, self.until, role])]

    def is_off_hours(self, access: Access) -> bool:
        """Tell whether an access lies at night, outside the hours its person usually works."""
        return _is_night(access.at) and access.actor_id not in self._night_workers

    @cached_property
    def _night_workers(self) -> set[UUID]:
        people = list({one.actor_id for one in self.accesses if _is_night(one.at)})
        zone = timezone.get_default_timezone_name()
        asked = [NIGHT_FROM, NIGHT_TO, zone, people, self.since - HABIT, self.since]
        often = _rows(NIGHTS, asked) if people else []
        return {person for person, share in often if share >= NIGHT_SHARE}


def _is_night(at: datetime) -> bool:
    hour = timezone.localtime(at, timezone.get_default_timezone()).hour
    return hour >= NIGHT_FROM or hour < NIGHT_TO


def _grouped(rows: QuerySet[AccessRow], column: str) -> Mapping[UUID, Sequence[Access]]:
    found: dict[UUID, list[Access]] = defaultdict(list)
    for row in rows.order_by("occurred_at", "pk").values_list(*ACCESS):
        access = Access(*row)
        found[getattr(access, column)].append(access)
    return found


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
