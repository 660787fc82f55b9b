"""Finding bills by the number on them, by who pays, or by whom they are about."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patients.models import Invoice, InvoiceIndex, Patient
from patients.queries import desk, matching, people, search
from patients.queries.matching import Query
from security import context, trail
from security.models import User
from security.sealing import SealBroken, normalise
from security.sealing.index import find_tokens, query_grams

SHOWN = 50
# Candidates that the blind index proposes and that are opened to compare.
OPENED = 100
NUMBER = re.compile(r"([A-Z]{3})-([0-9]{4})-([0-9]{1,9})")


def find(user: User, typed: str) -> dict[str, Any]:
    """Return the bills that a typed text finds; how many is recorded, the text never."""
    text = normalise.text(typed.encode("utf-8", "replace").decode().replace("\x00", ""))
    number = NUMBER.fullmatch(text.upper())
    query = matching.read(typed)
    if query.is_blank:
        return {"state": "none", "rows": []}
    if number:
        asked = Q(series=number[1], year=int(number[2]), sequence=int(number[3]))
        by = "number"
    else:
        payers = _payers(user, text)
        asked = Q(patient__in=_patients(user, query)) | Q(pk__in=payers)
        by = "name"
    found = list(desk.visible(user).filter(asked).order_by("-pk")[: SHOWN + 1])
    with transaction.atomic():
        trail.record("patients.bill_search.made", fields=[by], counts={"hits": len(found[:SHOWN])})
    return {
        "state": "found" if found else "nothing",
        "rows": desk.rows(user, found[:SHOWN], timezone.localdate()),
        "more": len(found) > SHOWN,
    }


def _patients(user: User, query: Query) -> list[Any]:
    """Return the ids of patients whom the text names; opened to compare, not to read."""
    if not (query.identifier or query.grams):
        return []
    columns = (*people.CARD, "sealed") if query.needs_body else people.CARD
    found = list(search.proposed(user, query, None).only(*columns)[:OPENED])
    seen = people.sights(user, [one.pk for one in found])
    with context.matching():
        return [
            one.pk
            for one in found
            if one.pk in seen and _is_meant(one, query, is_whole=not seen[one.pk].may_be_clear)
        ]


def _is_meant(patient: Patient, query: Query, *, is_whole: bool) -> bool:
    try:
        return matching.found_by(patient, query, is_whole=is_whole) is not None
    except SealBroken:
        return False


def _payers(user: User, text: str) -> list[Any]:
    """Return the ids of bills whose payer has every typed word; those of masked patients are left out."""
    grams = query_grams(text)
    if not grams:
        return []
    rows = find_tokens(InvoiceIndex, grams)
    found = list(desk.visible(user).filter(pk__in=rows).order_by("-pk")[:OPENED])
    seen = people.sights(user, {one.patient_id for one in found})
    words, runs = normalise.words(text), normalise.han_runs(text)
    hits = []
    with context.matching():
        for one in found:
            sight = seen.get(one.patient_id)
            if sight is not None and not sight.is_masked and _pays(one, words, runs):
                hits.append(one.pk)
    return hits


def _pays(one: Invoice, words: list[str], runs: list[str]) -> bool:
    try:
        payer = one.payer or ""
    except SealBroken:
        return False
    heads, known = normalise.words(payer), normalise.han_runs(payer)
    spoken = ["".join(way) for run in known for way in normalise.readings(run)]
    return all(any(head.startswith(word) for head in (*heads, *spoken)) for word in words) and all(
        any(run in whole for whole in known) for run in runs
    )
