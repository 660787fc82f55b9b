"""What the time of retention runs from: visits, discharges, bills, consents; few queries for many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils import timezone

from consent import periods
from consent.models import Consent, ConsentEvent, RetentionRule, RightsRequest
from patients.models import (
    BillingAttachment,
    CashUp,
    Claim,
    Disclosure,
    Encounter,
    Invoice,
    MedicationRequest,
    Patient,
)
from security import context
from security.models import OutboxMessage, User
from security.sealing import SealBroken, SealErased

Kind = RetentionRule.Kind
# FHIR classes of stays with a bed.
INPATIENT = frozenset({"IMP", "ACUTE", "NONAC"})
Days = dict[UUID, date]


@dataclass(slots=True)
class Facts:
    """What is known of one person: since when each kind of record counts; kinds that are still going on."""

    kinds: dict[str, date | None] = field(default_factory=dict)
    open_kinds: set[str] = field(default_factory=set)
    birth: date | None = None
    death: date | None = None


def of_patients(patient_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return the facts of many patients with a constant number of queries; nothing of it is a read."""
    found: dict[UUID, Facts] = defaultdict(Facts)
    with context.matching():
        _people(patient_ids, found)
        _visits(patient_ids, found)
    _bills(patient_ids, found)
    _proof(patient_ids, found)
    latest = {
        Kind.PRESCRIPTION: _newest(MedicationRequest, patient_ids, "occurred_at", "created_at"),
        Kind.DISCLOSURE: _newest(Disclosure, patient_ids, "noted_at"),
        Kind.MESSAGE: _newest(OutboxMessage, patient_ids, "created_at", column="subject_id"),
    }
    for kind, days in latest.items():
        for patient, day in days.items():
            found[patient].kinds[kind] = day
    return {one: found[one] for one in patient_ids}


def _day(moment: datetime | date | None) -> date | None:
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


def _newest(model: Any, ids: Collection[UUID], *names: str, column: str = "patient_id") -> Days:
    rows = model._base_manager.filter(**{f"{column}__in": ids}).values(column).order_by()
    found: Days = {}
    for row in rows.annotate(**{f"newest_{name}": Max(name) for name in names}):
        days = [_day(row[f"newest_{name}"]) for name in names]
        if known := [day for day in days if day is not None]:
            found[row[column]] = max(known)
    return found


def _people(ids: Collection[UUID], found: dict[UUID, Facts]) -> None:
    for patient in Patient._base_manager.filter(pk__in=ids):
        facts = found[patient.pk]
        # Until a visit says otherwise.
        facts.kinds[Kind.OUTPATIENT] = _day(max(patient.created_at, patient.last_activity_at))
        try:
            facts.birth = _latest_birth(patient)
            facts.death = _day(patient.deceased_at)
        except SealErased:
            facts.birth = facts.death = None
        except SealBroken:
            # Nobody knows whether it was a child, or since when somebody is dead: nothing is over.
            facts.birth = facts.death = None
            facts.open_kinds |= {Kind.OUTPATIENT, Kind.INPATIENT}
            facts.kinds.setdefault(Kind.INPATIENT, None)


def _latest_birth(patient: Patient) -> date | None:
    birth: date | None = patient.birth_on
    if birth is None or patient.birth_precision not in {"year", "month"}:
        return birth
    # Of somebody of whom only the year or the month is known, its last day counts.
    month = 12 if patient.birth_precision == "year" else birth.month
    return periods.later(date(birth.year, month, 1), 1) - timedelta(days=1)


def _stay(visit: Encounter) -> tuple[bool, date | None]:
    """Tell whether a visit was a stay with a bed, and when it ended; an erased one says neither.

    One that does not open counts as a stay that goes on: what nobody can read does not end a time.
    """
    try:
        if visit.is_protected:
            visit.uncover()
        return visit.class_code in INPATIENT, _day(visit.ended_at)
    except SealErased:
        return False, None
    except SealBroken:
        return True, None


def _visits(ids: Collection[UUID], found: dict[UUID, Facts]) -> None:
    outpatient: dict[UUID, list[date]] = defaultdict(list)
    inpatient: dict[UUID, list[date | None]] = defaultdict(list)
    for visit in Encounter._base_manager.filter(patient_id__in=ids):
        begun = _day(visit.occurred_at) or _day(visit.created_at) or date.max
        is_stay, ended = _stay(visit)
        if is_stay:
            inpatient[visit.patient_id].append(ended)
        else:
            outpatient[visit.patient_id].append(max(begun, ended or begun))
    for patient, ends in inpatient.items():
        facts = found[patient]
        facts.kinds[Kind.INPATIENT] = max((day for day in ends if day), default=None)
        if None in ends:
            facts.open_kinds.add(Kind.INPATIENT)
        if patient not in outpatient:
            del facts.kinds[Kind.OUTPATIENT]
    for patient, days in outpatient.items():
        found[patient].kinds[Kind.OUTPATIENT] = max(days)


def _bills(ids: Collection[UUID], found: dict[UUID, Facts]) -> None:
    claims = _newest(Claim, ids, "occurred_at", "created_at")
    for patient, day in _newest(BillingAttachment, ids, "occurred_at", "created_at").items():
        claims[patient] = max(claims.get(patient, day), day)
    rows = Invoice._base_manager.filter(patient_id__in=ids).values("patient_id").order_by()
    is_open = Count("id", filter=Q(kind="invoice", status="issued", balance__gt=0))
    for row in rows.annotate(on=Max("issued_on"), made=Max("created_at"), open=is_open):
        on: date = row["on"] or timezone.localdate(row["made"])
        claims[row["patient_id"]] = max(claims.get(row["patient_id"], on), on)
        if row["open"]:
            found[row["patient_id"]].open_kinds.add(Kind.BILL)
    for patient, day in claims.items():
        found[patient].kinds[Kind.BILL] = day


def _proof(ids: Collection[UUID], found: dict[UUID, Facts]) -> None:
    given = _newest(ConsentEvent, ids, "given_at", "noted_at", "until")
    for patient, day in given.items():
        found[patient].kinds[Kind.CONSENT] = day
    in_force = Consent.objects.in_force().filter(patient_id__in=ids)
    for patient in in_force.values_list("patient_id", flat=True).distinct():
        found[patient].kinds.setdefault(Kind.CONSENT, None)
        found[patient].open_kinds.add(Kind.CONSENT)
    asked = RightsRequest._base_manager.filter(patient_id__in=ids).values("patient_id").order_by()
    is_open = Count("id", filter=Q(closed_at=None))
    for row in asked.annotate(on=Max("closed_at"), open=is_open):
        found[row["patient_id"]].kinds[Kind.REQUEST] = _day(row["on"])
        if row["open"]:
            found[row["patient_id"]].open_kinds.add(Kind.REQUEST)


def of_colleague(user: User) -> Facts:
    """Return the facts of a colleague's account: the last day here, and the last till that was counted."""
    facts = Facts(kinds={Kind.STAFF: user.ends_on})
    if user.is_active and (user.ends_on is None or user.ends_on >= timezone.localdate()):
        facts.open_kinds.add(Kind.STAFF)
    last = CashUp._base_manager.filter(clerk=user).aggregate(last=Max("day"))["last"]
    if last is not None:
        # What a clerk counted is an account, and is sealed by the clerk's own key.
        facts.kinds[Kind.BILL] = last
    return facts


def merged(facts: Iterable[Facts]) -> Facts:
    """Return the facts of several records of one person, the latest of each."""
    every, one = list(facts), Facts()
    for other in every:
        for kind, day in other.kinds.items():
            before = one.kinds.get(kind)
            one.kinds[kind] = max(before, day) if before and day else before or day
        one.open_kinds |= other.open_kinds
        one.birth = max(filter(None, (one.birth, other.birth)), default=None)
        one.death = max(filter(None, (one.death, other.death)), default=None)
    return one
