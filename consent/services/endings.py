"""What ends consents without anybody saying so: time, a ward's coming of age, other words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_noop

from consent.models import Consent, ConsentEvent, ConsentFormVersion, State
from consent.services import consents
from patients.queries import guardians
from security import context
from security.sealing import SealBroken

Capacity = ConsentEvent.Capacity
BATCH = 500
# What one night takes on of each kind; an agreement whose time is over holds no longer all the same.
MOST = 20_000
OF_AGE = gettext_noop("The patient has come of age and decides alone.")
DIED = gettext_noop("The patient has died; what the patient allowed is over.")
TOO_YOUNG = gettext_noop("The patient was too young to allow this without a guardian.")
OTHER_WORDS = gettext_noop("Purpose, way or kinds of data changed.")


def end_all() -> tuple[int, int]:
    """Write what ended and what was superseded until now; each in a transaction of its own."""
    ended = sum(consents.expire(consent_id=one) is not None for one in list(_over()))
    ended += sum(
        consents.expire(consent_id=one, reason=why) is not None for one, why in list(_outlived())
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
        last_given_at=Subquery(newest.values("given_at")[:1]),
        last_words=Subquery(newest.values("words")[:1]),
    )


def _outlived() -> Iterator[tuple[UUID, str]]:
    """Yield what ended by the person: by death, by coming of age, by a birth date that was corrected."""
    rows = _with_last().exclude(last_capacity=Capacity.RELATIVE).select_related("patient")
    of_age = guardians.of_age()
    page = list(rows.order_by("pk")[:BATCH])
    while page:
        # Opened to decide, shown to nobody.
        with context.matching():
            over = [(row.pk, why) for row in page if (why := _why_over(row, of_age)) is not None]
        yield from over
        # No key stays open longer than its batch.
        context.current().forget_keys()
        page = list(rows.filter(pk__gt=page[-1].pk).order_by("pk")[:BATCH])


def _why_over(row: Any, of_age: int) -> str | None:
    said_on = timezone.localdate(row.last_given_at)
    try:
        if row.patient.deceased:
            return DIED
        if row.last_capacity == Capacity.GUARDIAN:
            return None if guardians.is_below(row.patient, of_age) else OF_AGE
        is_own = row.last_capacity == Capacity.SELF
        return TOO_YOUNG if is_own and guardians.is_below(row.patient, of_age, said_on) else None
    except SealBroken:
        # What can not be read ends nothing; the broken seal is an event of its own.
        return None


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
