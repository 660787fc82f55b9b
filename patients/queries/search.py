"""Finding a patient by what is typed: among those open to the person, latest activity first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, PatientIndex
from patients.models.visibility import reading
from patients.queries import matching, pages, people
from patients.queries.matching import Found, Query
from patients.queries.pages import Place
from patients.queries.people import Sight
from security import context, trail
from security.access.categories import Reach
from security.access.decision import decide_many, reach_of_user
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing import SealBroken
from security.sealing.index import exact_hash, token

SHOWN = 25
# Rows fetched at a time. Nearly every candidate is a hit, so the first batch is nearly always enough;
# the later ones bound what a search may open when few of very many candidates match.
BATCHES = (SHOWN + 1, SHOWN + 1, 100, 300)

KINDS: dict[Found, Promise] = {
    Found.NAME: _("by name"),
    Found.PHONE: _("by phone number"),
    Found.RECORD_NUMBER: _("by record number"),
    Found.IDENTIFIER: _("by ID or insurance number"),
}
Hit = tuple[Patient, Sight, Found]


def find(user: User, typed: str) -> dict[str, Any]:
    """Return what a typed text finds for a person; how much was found is recorded, the text never."""
    query = matching.read(typed)
    if query.is_blank:
        return _answer("none")
    if not (query.identifier or query.grams):
        return _answer("short" if _is_short(query) else "nothing")
    hits: list[Hit] = []
    for batch in _batches(user, query):
        hits += _matches(user, batch, query)
        if len(hits) > SHOWN:
            break
    kinds = list(dict.fromkeys(by for _patient, _sight, by in hits[:SHOWN]))
    shown = [people.row(patient, sight) for patient, sight, _by in hits[:SHOWN]]
    with transaction.atomic():
        fields = kinds or [query.kind]
        trail.record("patients.search.made", fields=fields, counts={"hits": len(shown)})
    if not shown:
        return _answer("nothing" if query.grams else "short")
    label = " · ".join(str(KINDS[kind]) for kind in kinds)
    return _answer("found", shown, kind=label, more=len(hits) > SHOWN)


def _answer(
    state: str, hits: Sequence[dict[str, Any]] = (), *, kind: str = "", more: bool = False
) -> dict[str, Any]:
    return {"state": state, "hits": list(hits), "more": more, "query_kind": kind}


def _is_short(query: Query) -> bool:
    return bool(query.words or query.runs or query.tails)


def proposed(user: User, query: Query, after: Place | None) -> QuerySet[Patient]:
    """Return the patients open to a person whom the blind index proposes, latest activity first.

    Tokens are joined and ordered by the activity that stands beside them, so that no patient is fetched
    who is not shown, and the planner may choose between the index of tokens and a walk along the
    activity. That a row with tokens is one of tokens is not said as well: PostgreSQL would take the two
    conditions for independent ones, expect far too few rows and choose the longer way.
    """
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    hashed = sorted({token(kind, gram) for kind, gram in query.grams})
    if query.identifier:
        asked = Q(kind="identifier", exact=exact_hash("identifier", query.identifier))
        asked |= Q(tokens__contains=hashed) if hashed else Q()
        rows = PatientIndex.objects.filter(asked).values("row_id")
        return pages.latest_active(visible.filter(pk__in=rows), after)
    asked = Q(index_rows__tokens__contains=hashed)
    if after is not None:
        same = Q(index_rows__last_activity_at=after.at, pk__lt=after.id)
        asked &= Q(index_rows__last_activity_at__lt=after.at) | same
    latest: Any = F("index_rows__last_activity_at")
    if max(reach_of_user(user, one) for one in reading(Category.DEMOGRAPHICS)) is not Reach.ALL:
        # One's own patients are few: probing them all is short, walking past everybody else's is not,
        # and an index does not serve the order of an expression.
        latest = ExpressionWrapper(latest + timedelta(0), output_field=DateTimeField())
    return visible.filter(asked).order_by(latest.desc(), "-pk")


def _batches(user: User, query: Query) -> Iterator[list[Patient]]:
    columns = (*people.CARD, "sealed") if query.needs_body else people.CARD
    place: Place | None = None
    for size in BATCHES:
        batch = list(proposed(user, query, place).only(*columns)[:size])
        yield batch
        if len(batch) < size:
            return
        place = Place(batch[-1].last_activity_at, batch[-1].pk)


def _matches(user: User, batch: list[Patient], query: Query) -> list[Hit]:
    seen = people.sights(user, [patient.pk for patient in batch])
    hits: list[Hit] = []
    with context.matching():
        for patient in batch:
            sight = seen.get(patient.pk)
            by = _found_by(patient, query, sight) if sight else None
            if sight and by:
                hits.append((patient, sight, by))
    numbered = [patient.pk for patient, _sight, by in hits if by is Found.IDENTIFIER]
    allowed = _may_compare_identifiers(user, numbered) if numbered else set()
    # A masked reader who tries number after number would learn the one that hits.
    return [
        hit
        for hit in hits
        if hit[2] is not Found.IDENTIFIER or (hit[0].pk in allowed and hit[1].may_be_clear)
    ]


def _found_by(patient: Patient, query: Query, sight: Sight) -> Found | None:
    is_hidden = not sight.may_be_clear
    try:
        return matching.found_by(patient, query, is_whole=is_hidden)
    except SealBroken:
        # The index proposed it and nobody can tell: it is shown as unavailable, never left out in silence.
        return None if is_hidden else query.kind


def _may_compare_identifiers(user: User, patient_ids: list[UUID]) -> set[UUID]:
    purpose = context.current().purpose
    readings = (Permission.IDENTIFIERS_READ, Permission.IDENTIFIERS_READ_MASKED)
    made = [decide_many(user, permission, patient_ids, purpose) for permission in readings]
    return {one for one in patient_ids if any(answers[one].is_reachable for answers in made)}
