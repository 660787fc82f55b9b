"""What ends consents without anybody saying so: time, a ward's coming of age, other words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_noop

from consent.models import Consent, ConsentEvent, ConsentFormVersion, State
from consent.queries import givers
from consent.services import consents
from patients.models import Patient
from security import context
from security.sealing import SealBroken

BATCH = 500
# What one night takes on of each kind; an agreement whose time is over holds no longer all the same.
MOST = 20_000
OF_AGE = gettext_noop("The patient has come of age and decides alone.")
OTHER_WORDS = gettext_noop("Purpose, way or kinds of data changed.")


def end_all() -> tuple[int, int]:
    """Write what ended and what was superseded until now; each in a transaction of its own."""
    ended = sum(consents.expire(consent_id=one) is not None for one in list(_over()))
    ended += sum(
        consents.expire(consent_id=one, reason=OF_AGE) is not None for one in list(_of_age())
    )
    replaced = sum(
        consents.supersede(consent_id=one, reason=OTHER_WORDS) is not None
        for one in list(_replaced())
    )
    return ended, replaced


def _over() -> Iterator[UUID]:
    rows = Consent.objects.filter(state=State.GRANTED, until__lte=timezone.now())
    yield from rows.order_by("until").values_list("pk", flat=True)[:MOST]


def _with_last() -> Any:
    """Return what stands as agreed, with how it was said last; annotated, so no row type tells it."""
    newest = ConsentEvent.objects.filter(consent=OuterRef("pk")).order_by("-given_at", "-noted_at")
    return Consent.objects.filter(state=State.GRANTED).annotate(
        last_capacity=Subquery(newest.values("capacity")[:1]),
        last_words=Subquery(newest.values("words")[:1]),
    )


def _of_age() -> Iterator[UUID]:
    """Yield what guardians agreed to for people of age: a birth date may have been corrected."""
    rows = (
        _with_last().filter(last_capacity=ConsentEvent.Capacity.GUARDIAN).select_related("patient")
    )
    after, page = UUID(int=0), list(rows.order_by("pk")[:BATCH])
    while page:
        for row in page:
            after = row.pk
            if _is_of_age(row.patient):
                yield row.pk
        # No key stays open longer than its batch.
        context.current().forget_keys()
        page = list(rows.filter(pk__gt=after).order_by("pk")[:BATCH])


def _is_of_age(patient: Patient) -> bool:
    try:
        return not givers.is_ward(patient)
    except SealBroken:
        # What can not be read ends nothing; the broken seal is an event of its own.
        return False


def _replaced() -> Iterator[UUID]:
    """Yield what was agreed to in words before a change that must be agreed to anew."""
    said = ConsentFormVersion.objects.filter(pk=OuterRef("last_words"))
    rows = _with_last().annotate(
        said_form=Subquery(said.values("form")[:1]),
        said_language=Subquery(said.values("language")[:1]),
        said_number=Subquery(said.values("number")[:1]),
    )
    newer = ConsentFormVersion.objects.filter(
        form=OuterRef("said_form"),
        language=OuterRef("said_language"),
        number__gt=OuterRef("said_number"),
        is_material=True,
        published_at__isnull=False,
    )
    yield from rows.filter(Exists(newer)).order_by("since").values_list("pk", flat=True)[:MOST]
