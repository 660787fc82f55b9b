"""Finding a patient by what is typed: among those open to the person, latest activity first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, PatientIndex
from patients.queries import matching, pages, people
from patients.queries.matching import Found, Query
from patients.queries.pages import Place
from patients.queries.people import Sight
from security import context, trail
from security.access.decision import decide_many
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing import SealBroken
from security.sealing.index import TOKENS, exact_hash, token

SHOWN = 25
# Rows fetched at a time. Nearly every candidate is a hit, so the first batch is nearly always enough;
# the later ones bound what a search may open when few of very many candidates match.
BATCHES = (SHOWN + 1, 100, 400)

KINDS: dict[Found, Promise] = {
    Found.NAME: _("by name"),
    Found.PHONE: _("by phone or number"),
    Found.IDENTIFIER: _("by number"),
}


def find(user: User, typed: str) -> dict[str, Any]:
    """Return what a typed text finds for a person; how much was found is recorded, the text never."""
    query = matching.read(typed)
    if query.is_blank:
        return _answer("none", query)
    if not (query.identifier or query.grams):
        return _answer("short" if _is_short(query) else "nothing", query)
    hits: list[tuple[Patient, Sight]] = []
    for batch in _batches(user, query):
        hits += _matches(user, batch, query)
        if len(hits) > SHOWN:
            break
    shown = [people.row(patient, sight) for patient, sight in hits[:SHOWN]]
    with transaction.atomic():
        trail.record("patients.search.made", fields=[query.kind], counts={"hits": len(shown)})
    if not shown:
        return _answer("nothing" if query.grams else "short", query)
    return _answer("found", query, shown, more=len(hits) > SHOWN)


def _answer(
    state: str, query: Query, hits: list[dict[str, Any]] | None = None, *, more: bool = False
) -> dict[str, Any]:
    kind = KINDS[query.kind] if hits else ""
    return {"state": state, "hits": hits or [], "more": more, "query_kind": kind}


def _is_short(query: Query) -> bool:
    return bool(query.words or query.runs or query.tails)


def candidates(query: Query) -> QuerySet[PatientIndex]:
    """Return the ids of patients whom the blind index proposes."""
    asked = Q()
    if query.grams:
        hashed = sorted({token(kind, gram) for kind, gram in query.grams})
        asked |= Q(kind=TOKENS, tokens__contains=hashed)
    if query.identifier:
        asked |= Q(kind="identifier", exact=exact_hash("identifier", query.identifier))
    return PatientIndex.objects.filter(asked).values("row_id")


def _batches(user: User, query: Query) -> Iterator[list[Patient]]:
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    columns = (*people.CARD, "sealed") if query.needs_body else people.CARD
    proposed = visible.filter(pk__in=candidates(query)).only(*columns)
    place: Place | None = None
    for size in BATCHES:
        batch = list(pages.latest_active(proposed, place)[:size])
        yield batch
        if len(batch) < size:
            return
        place = Place(batch[-1].last_activity_at, batch[-1].pk)


def _matches(user: User, batch: list[Patient], query: Query) -> list[tuple[Patient, Sight]]:
    seen = people.sights(user, [patient.pk for patient in batch])
    found: list[tuple[Patient, Sight, Found]] = []
    with context.matching():
        for patient in batch:
            sight = seen.get(patient.pk)
            by = _found_by(patient, query, sight) if sight else None
            if sight and by:
                found.append((patient, sight, by))
    numbered = [patient.pk for patient, _sight, by in found if by is Found.IDENTIFIER]
    allowed = _may_compare_identifiers(user, numbered) if numbered else set()
    return [
        (patient, sight)
        for patient, sight, by in found
        if by is not Found.IDENTIFIER or patient.pk in allowed
    ]


def _found_by(patient: Patient, query: Query, sight: Sight) -> Found | None:
    is_hidden = sight.is_masked and not sight.is_locked
    try:
        return matching.found_by(patient, query, is_whole=is_hidden)
    except SealBroken:
        # The index proposed it and nobody can tell: it is shown as unavailable, never left out in silence.
        return None if is_hidden else query.kind


def _may_compare_identifiers(user: User, patient_ids: list[Any]) -> set[Any]:
    purpose = context.current().purpose
    readings = (Permission.IDENTIFIERS_READ, Permission.IDENTIFIERS_READ_MASKED)
    made = [decide_many(user, permission, patient_ids, purpose) for permission in readings]
    return {one for one in patient_ids if any(answers[one].is_reachable for answers in made)}
