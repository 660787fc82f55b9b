"""The emergency finder: by an exact number, or by full name and day of birth; each search is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Event
from patients.models import Patient, PatientIndex
from patients.queries import emergency, matching, people
from patients.queries.matching import Found, Query
from security import context, trail
from security.access.gate import Refused
from security.access.purposes import Purpose
from security.models import User
from security.sealing import SealBroken, index
from security.sealing.index import exact_hash, token

PER_HOUR = 10
SEARCHED = "patients.emergency.searched"
SHOWN = 5
# Of people who share a name; so many cards may be opened to compare the day of birth.
COMPARED = 1000
BATCH = 100


class TooMany(Refused):
    """More searches within an hour than an emergency takes."""


def find(*, number: str = "", name: str = "", birth_on: date | None = None, by: User) -> list[Any]:
    """Return masked stubs of who is meant, at most a few; found or not, the search is recorded."""
    with transaction.atomic():
        # Two windows that search at once are counted one after the other.
        list(User.objects.select_for_update(no_key=True).filter(pk=by.pk).values_list("pk"))
        is_over = _searched_within_an_hour(by) >= PER_HOUR
        stubs = [] if is_over else _stubs(number, name, birth_on)
        outcome = "refused" if is_over else "success" if stubs else "failed"
        _tell(outcome, by=by, kind=_kind(number), hits=len(stubs))
    if is_over:
        raise TooMany(
            _(
                "You searched ten times within this hour. Ask a colleague, or the compliance officer."
            )
        )
    return stubs


def _searched_within_an_hour(by: User) -> int:
    """Return how often the trail tells of a search within any sixty minutes before now."""
    since = timezone.now() - timedelta(hours=1)
    told = Event.objects.by_actor(by.pk).filter(action=SEARCHED, recorded_at__gt=since)
    return told.exclude(outcome=Event.Outcome.REFUSED).count()


def _stubs(number: str, name: str, birth_on: date | None) -> list[Any]:
    context.current().purpose = str(Purpose.ETREAT)
    with context.matching():
        found = list(_by_number(number) if number else _by_name(name, birth_on))[:SHOWN]
    return [emergency.stub(patient) for patient in found]


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
