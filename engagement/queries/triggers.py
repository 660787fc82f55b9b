"""Whom the rules of templates find: what ended, what was recorded, what falls due.

Rows are opened to look and not to be shown. What is specially protected starts nothing: a plan would tell
everybody who works on it. Each rule looks back a bounded time, and reads its table once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent.queries.calendar import Here
from engagement.models import PlanTemplate
from patients.models import Condition, Encounter, Immunization, Patient
from security.sealing import SealBroken

Trigger = PlanTemplate.Trigger
CHUNK = 500
# How far back a rule looks for what is new; what it found before starts nothing twice.
USUAL_DAYS = 14
# A visit that goes on longer than this is not looked at any more.
LONGEST_STAY = timedelta(days=120)
OVERDUE_DAYS = 365
ACTIVE = {"active", "recurrence", "relapse"}
REFUTED = {"refuted", "entered-in-error"}
LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a rule found, the row that says so, and a day where the same row says so again and again."""

    patient_id: UUID
    row_id: UUID
    day: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a rule is asked with: its criteria, and what day it is."""

    criteria: Mapping[str, Any]
    here: Here

    def number(self, name: str, usual: int) -> int:
        """Return a number of the criteria."""
        return int(self.criteria.get(name, usual))

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes that count."""
        return tuple(str(one) for one in self.criteria.get("codes", ()))


def find(template: PlanTemplate, here: Here) -> Iterator[list[Found]]:
    """Yield whom the rule of a template finds, some at a time."""
    rule = RULES.get(template.trigger)
    found = rule(Look(template.criteria, here)) if rule is not None else iter(())
    while some := list(islice(found, CHUNK)):
        yield some


def living(patient_ids: Iterable[UUID]) -> set[UUID]:
    """Return who of these patients lives, as far as anybody knows, and has a record of the own."""
    rows = Patient.objects.filter(pk__in=list(patient_ids), merged_into=None)
    return {row.pk for row in rows.only("sealed_card") if not _read(row, "deceased", True)}


def _read(row: Any, name: str, broken: Any = None) -> Any:
    """Return what a sealed field says; a seal that does not open says what is safe."""
    try:
        return getattr(row, name)
    except SealBroken:
        return broken


def _registered(look: Look) -> Iterator[Found]:
    """Find patients who were registered here; who was imported has a record already."""
    since = timezone.now() - timedelta(days=look.number("within_days", USUAL_DAYS))
    rows = Patient.objects.filter(created_at__gte=since, source_key=None, merged_into=None)
    for pk in rows.order_by("pk").values_list("pk", flat=True).iterator(CHUNK):
        yield Found(pk, pk)


def _discharged(look: Look) -> Iterator[Found]:
    """Find visits and stays of some classes that ended lately."""
    now = timezone.now()
    since = now - timedelta(days=look.number("within_days", USUAL_DAYS))
    classes = set(look.criteria.get("classes", ()))
    rows = Encounter.objects.filter(
        confidentiality="N", occurred_at__gte=since - LONGEST_STAY, occurred_at__lte=now
    )
    for row in _each(rows):
        ended_at = _read(row, "ended_at") or row.occurred_at
        is_over = _read(row, "status") == "finished" and since <= ended_at <= now
        if is_over and _read(row, "class_code") in classes:
            yield Found(row.patient_id, row.pk)


def _chronic(look: Look) -> Iterator[Found]:
    """Find diseases of the list that were recorded lately and are active."""
    since = timezone.now() - timedelta(days=look.number("within_days", USUAL_DAYS))
    for row in _each(Condition.objects.filter(confidentiality="N", created_at__gte=since)):
        is_active = _read(row, "status") in ACTIVE and _read(row, "verification") not in REFUTED
        if is_active and has_code(_read(row, "code"), look.codes):
            yield Found(row.patient_id, row.pk)


def _vaccinations(look: Look) -> Iterator[Found]:
    """Find who had the last dose of a vaccine so long ago that the next one is due."""
    interval, lead = look.number("interval_days", 365), look.number("lead_days", 30)
    today = look.here.today
    earliest = today - timedelta(days=interval + OVERDUE_DAYS)
    last: dict[UUID, tuple[date, UUID]] = {}
    rows = Immunization.objects.filter(confidentiality="N", occurred_at__date__gte=earliest)
    for row in _each(rows):
        if _read(row, "status") == "completed" and has_code(_read(row, "vaccine"), look.codes):
            given = (look.here.day_of(row.occurred_at), row.pk)
            last[row.patient_id] = max(last.get(row.patient_id, given), given)
    for patient_id, (given_on, row_id) in last.items():
        if today >= given_on + timedelta(days=interval - lead):
            yield Found(patient_id, row_id)


def _birthdays(look: Look) -> Iterator[Found]:
    """Find whose birthday comes in so many days and who is old enough; once a year."""
    day = look.here.today + timedelta(days=look.number("days_before", 30))
    least, most = look.number("min_age", 40), look.number("max_age", 120)
    rows = Patient.objects.filter(merged_into=None).only("sealed_card")
    for row in _each(rows):
        born_on = _read(row, "birth_on")
        if born_on is None or _read(row, "birth_precision") in ("year", "month"):
            continue
        if celebrates(born_on, day) and least <= day.year - born_on.year <= most:
            yield Found(row.pk, row.pk, str(day.year))


def celebrates(born_on: date, day: date) -> bool:
    """Tell whether a day is somebody's birthday; of a leap day, 28 February in other years."""
    born = (born_on.month, born_on.day)
    if born == LEAP_DAY and not _is_leap(day.year):
        return (day.month, day.day) == (2, 28)
    return (day.month, day.day) == born


def _is_leap(year: int) -> bool:
    return date(year, 3, 1) - date(year, 2, 28) == timedelta(days=2)


def has_code(concept: Any, codes: Iterable[str]) -> bool:
    """Tell whether a concept bears one of some codes; of ICD-10 a code stands for all below it."""
    said = {
        str(one.get("code", ""))
        for one in (concept or {}).get("coding", ())
        if isinstance(one, Mapping)
    }
    return any(_is(one, code) for one in said for code in codes)


def _is(said: str, code: str) -> bool:
    is_icd = code[:1].isalpha()
    return said == code or (is_icd and said.upper().startswith(code.upper()))


def _each(rows: Any) -> Iterator[Any]:
    """Yield rows in the order of their ids, some at a time, so that no table is held whole."""
    after: UUID | None = None
    while True:
        some = rows if after is None else rows.filter(pk__gt=after)
        found = list(some.order_by("pk")[:CHUNK])
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1].pk


RULES: Mapping[str, Callable[[Look], Iterator[Found]]] = {
    Trigger.REGISTERED: _registered,
    Trigger.DISCHARGE: _discharged,
    Trigger.CHRONIC: _chronic,
    Trigger.VACCINATION: _vaccinations,
    Trigger.BIRTHDAY: _birthdays,
}
