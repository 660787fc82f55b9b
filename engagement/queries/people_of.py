"""Who belongs to a segment: readable facets by SQL, sealed ones opened to compare and never shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from consent.models import ScopeOutcome
from consent.queries import standing
from engagement import criteria
from engagement.criteria import Tree
from engagement.models import Appointment, Segment
from patients.models import CareRelationship, Condition, Encounter, Patient, TeamAssignment
from patients.names import age
from security import context
from security.classification import Scope
from security.sealing import SealBroken

# So many records are open at a time.
BATCH = 500
Leaf = Mapping[str, Any]


def batches(segment: Segment) -> Iterator[list[UUID]]:
    """Yield the people of a segment, batch by batch, each with the same number of queries."""
    tree = criteria.check(segment.criteria)
    purpose = segment.authorisation.key if segment.authorisation else ""
    erased = ScopeOutcome.objects.filter(
        patient_id=OuterRef("pk"), outcome=ScopeOutcome.Outcome.ERASED, key_scope=Scope.RECORD
    )
    known = Patient.objects.filter(~Exists(erased), merged_into__isnull=True)
    rows = known.filter(_narrowed(tree)).order_by("pk")
    last: UUID | None = None
    while True:
        page = rows.filter(pk__gt=last) if last else rows
        ids = list(page.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        last = ids[-1]
        yield _matching(ids, tree, purpose) if criteria.is_sealed(tree) else ids


def _narrowed(tree: Tree) -> Q:
    """Return a condition that everybody meets for whom a tree is true; what is sealed narrows nothing."""
    if "facet" in tree:
        return Q() if tree["facet"] in criteria.SEALED else _columns(tree)
    if "not" in tree:
        return Q() if criteria.is_sealed(tree) else ~_narrowed(tree["not"])
    if tree.get("any"):
        parts = [_narrowed(one) for one in tree["any"]]
        return reduce(or_, parts) if all(parts) else Q()
    return reduce(and_, (_narrowed(one) for one in tree.get("all", ())), Q())


def _columns(leaf: Leaf) -> Q:
    return {
        "visited": _visited,
        "registered": _registered,
        "appointment": _appointment,
        "unit": _unit,
        "clinician": _clinician,
    }[leaf["facet"]](leaf)


def _days(number: int) -> timedelta:
    return timedelta(days=number)


def _since(number: int) -> Q:
    """Return who was here within some days: at a visit, or at an appointment that took place."""
    at = timezone.now() - _days(number)
    visits = Encounter.objects.filter(patient_id=OuterRef("pk"), occurred_at__gte=at)
    kept = Appointment.objects.filter(
        patient_id=OuterRef("pk"), state=Appointment.State.FULFILLED, starts_at__gte=at
    )
    return Q(Exists(visits)) | Q(Exists(kept))


def _visited(leaf: Leaf) -> Q:
    found = Q()
    if "within" in leaf:
        found &= _since(leaf["within"])
    if "not_within" in leaf:
        found &= ~_since(leaf["not_within"])
    return found


def _registered(leaf: Leaf) -> Q:
    now, found = timezone.now(), Q()
    if "within" in leaf:
        found &= Q(created_at__gte=now - _days(leaf["within"]))
    if "before" in leaf:
        found &= Q(created_at__lt=now - _days(leaf["before"]))
    return found


def _appointment(leaf: Leaf) -> Q:
    now = timezone.now()
    rows: Any = Appointment.objects.filter(patient_id=OuterRef("pk"))
    if "services" in leaf:
        rows = rows.filter(service_id__in=leaf["services"])
    if "states" in leaf:
        rows = rows.filter(state__in=leaf["states"])
    if "past" in leaf:
        rows = rows.filter(starts_at__gte=now - _days(leaf["past"]))
        rows = rows if "ahead" in leaf else rows.filter(starts_at__lte=now)
    if "ahead" in leaf:
        rows = rows.filter(starts_at__lte=now + _days(leaf["ahead"]))
        rows = rows if "past" in leaf else rows.filter(starts_at__gte=now)
    return Q(Exists(rows))


def _unit(leaf: Leaf) -> Q:
    rows: Any = TeamAssignment.objects.in_force(timezone.now())
    return Q(Exists(rows.filter(unit_id__in=leaf["in"], patient_id=OuterRef("pk"))))


def _clinician(leaf: Leaf) -> Q:
    rows: Any = CareRelationship.objects.in_force(timezone.now())
    rows = rows.filter(user_id__in=leaf["in"], source=CareRelationship.Source.RESPONSIBLE)
    return Q(Exists(rows.filter(patient_id=OuterRef("pk"))))


# --- what is sealed -------------------------------------------------------------------------


def _matching(ids: list[UUID], tree: Tree, purpose: str) -> list[UUID]:
    context.current().forget_keys()
    readable: dict[str, set[UUID]] = {}
    for leaf in criteria.leaves(tree):
        if leaf["facet"] not in criteria.SEALED:
            rows = Patient.objects.filter(_columns(leaf), pk__in=ids)
            readable[criteria.digest(leaf)] = set(rows.values_list("pk", flat=True))
    found = []
    with context.matching():
        ill = _named(ids, tree, purpose) if criteria.is_clinical(tree) else None
        for row in Patient.objects.filter(pk__in=ids).order_by("pk"):
            # Whose record may not be looked at belongs to no clinical segment, whatever it asks.
            if ill is not None and row.pk not in ill:
                continue
            if _is_in(row, tree, readable, (ill or {}).get(row.pk, ())):
                found.append(row.pk)
    return found


def _is_in(
    row: Patient, tree: Tree, readable: Mapping[str, set[UUID]], conditions: Collection[str]
) -> bool:
    def leaf(one: Leaf) -> bool:
        if one["facet"] in criteria.CLINICAL:
            return _begins(one["starts"], conditions)
        if one["facet"] in criteria.SEALED:
            return _compared(one, row)
        return row.pk in readable[criteria.digest(one)]

    try:
        return criteria.holds(tree, leaf)
    except SealBroken:
        # What does not open is in no segment, also not in one that asks for the opposite.
        return False


def _compared(leaf: Leaf, row: Patient) -> bool:
    match leaf["facet"]:
        case "age":
            born_on = row.birth_on
            years = age(born_on, timezone.localdate()) if born_on else None
            return years is not None and leaf.get("from", 0) <= years <= leaf.get(
                "to", criteria.OLDEST
            )
        case "sex":
            return (row.sex or "unknown") in leaf["in"]
        case "language":
            return (row.language or "").lower().replace("_", "-").split("-")[0] in leaf["in"]
        case "city":
            return _begins(leaf["starts"], _of_addresses(row, "city"))
        case _:
            return _begins(leaf["starts"], _of_addresses(row, "postalCode"))


def _of_addresses(row: Patient, name: str) -> list[str]:
    return [str(one.get(name) or "") for one in row.addresses or () if one.get("use") != "old"]


def _begins(wanted: Iterable[str], found: Iterable[str]) -> bool:
    heads = tuple(map(plain, wanted))
    return any(plain(one).startswith(heads) for one in found if one)


def plain(text: str) -> str:
    """Return a text as it is compared: one width, one case, no spaces around."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _named(ids: list[UUID], tree: Tree, purpose: str) -> dict[UUID, list[str]]:
    """Return the names and codes of the conditions of those who allowed that they are looked at."""
    answers = standing.may_many(ids, purpose, standing.ANY)
    found: dict[UUID, list[str]] = {one: [] for one in ids if answers[one].allowed}
    rows = Condition.objects.filter(patient_id__in=found, confidentiality="N")
    for row in rows:
        try:
            if row.verification not in {"entered-in-error", "refuted"}:
                found[row.patient_id] += [row.code_text or "", *_codes(row.code)]
        except SealBroken:
            continue
    return found


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [str(one.get("code") or "") for one in codings or () if isinstance(one, dict)]
