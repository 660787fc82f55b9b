"""The emergency finder: by an exact number, or by full name and day of birth; each search is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, PatientIndex
from patients.queries import emergency, matching, people
from patients.queries.matching import Found, Query
from security import context, trail
from security.access.gate import Refused
from security.access.purposes import Purpose
from security.models import User
from security.sealing import SealBroken, index
from security.sealing.index import exact_hash, token
from security.services import throttle
from security.services.throttle import Counter, Limit

PER_HOUR = 10
LIMIT = Limit("emergency finder", PER_HOUR, timedelta(hours=1), timedelta(hours=1))
SHOWN = 5
# Of people who share a name; so many cards may be opened to compare the day of birth.
COMPARED = 1000
BATCH = 100


class TooMany(Refused):
    """More searches within an hour than an emergency takes."""


def find(*, number: str = "", name: str = "", birth_on: date | None = None, by: User) -> list[Any]:
    """Return masked stubs of who is meant, at most a few; found or not, the search is recorded."""
    counter = Counter(LIMIT, f"{by.pk} {timezone.now():%Y%m%d%H}")
    if throttle.take([counter]) is not None:
        _tell("refused", by=by, kind=_kind(number), hits=0)
        raise TooMany(
            _(
                "You searched ten times within this hour. Ask a colleague, or the compliance officer."
            )
        )
    here = context.current()
    here.purpose = str(Purpose.ETREAT)
    with context.matching():
        found = list(_by_number(number) if number else _by_name(name, birth_on))[:SHOWN]
    stubs = [emergency.stub(patient) for patient in found]
    _tell("success" if stubs else "failed", by=by, kind=_kind(number), hits=len(stubs))
    return stubs


def _kind(number: str) -> str:
    return "number" if number else "name"


@transaction.atomic
def _tell(outcome: Any, *, by: User, kind: str, hits: int) -> None:
    purpose = str(Purpose.ETREAT)
    counts = {"hits": hits}
    trail.record(
        "patients.emergency.searched", outcome=outcome, fields=[kind], counts=counts,
        purpose=purpose, by=by,
    )  # fmt: skip


def _by_number(number: str) -> Iterator[Patient]:
    query = Query(identifier=matching.read(number).identifier, is_blank=False)
    if not query.identifier:
        return
    rows = PatientIndex.objects.filter(
        kind="identifier", exact=exact_hash("identifier", query.identifier)
    )
    for patient in Patient.objects.filter(pk__in=rows.values("row_id")).order_by("pk")[:SHOWN]:
        if _is_meant(patient, query, None):
            yield patient


def _by_name(name: str, birth_on: date | None) -> Iterator[Patient]:
    read = matching.read(name)
    query = Query(words=read.words, runs=read.runs, is_blank=False)
    grams = index.query_grams(" ".join((*query.words, *query.runs)))
    if not grams or birth_on is None:
        return
    hashed = sorted({token(kind, gram) for kind, gram in grams})
    ids = PatientIndex.objects.filter(tokens__contains=hashed).order_by("-last_activity_at")
    wanted = list(ids.values_list("row_id", flat=True)[:COMPARED])
    for start in range(0, len(wanted), BATCH):
        batch = Patient.objects.filter(pk__in=wanted[start : start + BATCH]).only(*people.CARD)
        for patient in batch.order_by("pk"):
            if _is_meant(patient, query, birth_on):
                yield patient


def _is_meant(patient: Patient, query: Query, birth_on: date | None) -> bool:
    wanted = {Found.IDENTIFIER, Found.RECORD_NUMBER} if query.identifier else {Found.NAME}
    try:
        is_born = birth_on is None or patient.birth_on == birth_on
        return is_born and matching.found_by(patient, query, is_whole=True) in wanted
    except SealBroken:
        return False
