"""Data that go abroad: asked, noted and counted, so that no two sendings pass a limit together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection, transaction

from consent.models import OverseasRecipient, Transfer, TransferPerson
from consent.queries import transfers as queries
from security import trail
from security.access.gate import Refused
from security.models import User

# Serialises the counting of one year; the second number is the year.
LOCK = 0x_CD_05_7B
BATCH = 2000


class NotAllowed(Refused):
    """Data of these people may not go to this recipient."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether data may go abroad, and the sentence why not."""

    allowed: bool
    reason: str = ""


def allow(
    patient_ids: Collection[UUID], recipient: OverseasRecipient, categories: Collection[str] = ()
) -> Answer:
    """Tell whether data of these people may go to a recipient now; without kinds, all that it may get."""
    asked = categories or recipient.categories
    reason = queries.fault(recipient, set(patient_ids), asked)
    return Answer(not reason, reason)


def note(
    *,
    patient_ids: Collection[UUID],
    recipient_id: UUID,
    categories: Collection[str] = (),
    by: User | None,
) -> list[Transfer]:
    """Note and count that data of these people go to a recipient now; raise NotAllowed before they do."""
    people = sorted(set(patient_ids))
    try:
        return _noted(people, recipient_id, categories, by)
    except NotAllowed as refusal:
        with transaction.atomic():
            trail.record(
                "consent.transfer.refused",
                outcome="refused",
                subjects=people,
                obj=OverseasRecipient(pk=recipient_id),
                reason=str(refusal.reason),
                by=by,
            )
        raise


@transaction.atomic
def _noted(
    people: Sequence[UUID], recipient_id: UUID, categories: Collection[str], by: User | None
) -> list[Transfer]:
    # The recipient stays as it was read until the transfer is noted.
    rows = OverseasRecipient.objects.select_for_update(of=("self",)).select_related("purpose")
    recipient, day = rows.get(pk=recipient_id), queries.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, day.year])
    kinds = sorted({str(one) for one in categories or recipient.categories})
    # Of the year whose lock is held, also where midnight passes meanwhile.
    if reason := queries.fault(recipient, people, kinds, day):
        raise NotAllowed(reason)
    sensitive = queries.sensitive_among(people, kinds)
    counted = queries.counts(recipient, day.year, sensitive, set(people) - sensitive)
    sent = Transfer.objects.bulk_create(
        (
            Transfer(
                recipient=recipient,
                patient_id=one,
                sent_on=day,
                is_sensitive=one in sensitive,
                categories=kinds,
                sent_by=by,
            )
            for one in people
        ),
        batch_size=BATCH,
    )
    fresh = _count(people, sensitive, day.year, day)
    trail.record(
        "consent.transfer.noted",
        subjects=people,
        changed=[*sent, *fresh],
        obj=recipient,
        fields=kinds,
        counts={"people": len(people), "new_this_year": len(fresh)},
        by=by,
    )
    _warn(recipient, counted)
    return sent


def _count(
    people: Sequence[UUID], sensitive: Collection[UUID], year: int, day: date
) -> list[TransferPerson]:
    """Count who was not counted yet this year; the lock of the year is held."""
    rows = TransferPerson.objects.filter(year=year, patient_id__in=people)
    known = set(rows.values_list("patient_id", "is_sensitive"))
    return TransferPerson.objects.bulk_create(
        (
            TransferPerson(year=year, is_sensitive=one in sensitive, patient_id=one, first_on=day)
            for one in people
            if (one, one in sensitive) not in known
        ),
        batch_size=BATCH,
    )


def _warn(recipient: OverseasRecipient, counted: Sequence[queries.Counted]) -> None:
    """Record once in a year, for each kind, that a limit is near."""
    for one in counted:
        was_near = queries.Counted(one.is_sensitive, one.before, one.before, one.limit).is_near
        if one.is_near and not was_near:
            trail.record(
                "consent.limit.neared",
                obj=recipient,
                counts={"people": one.after, "limit": one.limit or 0},
            )
