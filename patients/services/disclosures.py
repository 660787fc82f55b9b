"""Noting a disclosure to somebody outside, and giving out the accounting of them (HIPAA 164.528)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Disclosure, Patient
from patients.queries.disclosures import TO_AUTHORITIES
from security import trail
from security.access.gate import Refused
from security.models import User


class NotYetDisclosed(Refused):
    """The day of the disclosure lies ahead."""


class NotAnAuthority(Refused):
    """Only a health oversight agency or law enforcement has its disclosures held back."""


class SaysTooLittle(Refused):
    """The law asks for the recipient, what was disclosed and why."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one disclosure: to whom, when, what, what for, on what ground of the law."""

    disclosed_on: date
    recipient: str
    what: str
    why: str
    ground: str
    address: str = ""
    legal_basis: str = ""
    silent_until: date | None = None


@transaction.atomic
def note(*, patient_id: UUID, told: Told, by: User) -> Disclosure:
    """Note one disclosure that was made; the words are sealed, the event says that there was one."""
    if told.disclosed_on > timezone.localdate():
        raise NotYetDisclosed(_("A disclosure is noted once it was made."))
    if told.ground not in Disclosure.Ground.values or not all(
        text.strip() for text in (told.recipient, told.what, told.why)
    ):
        raise SaysTooLittle(_("Say to whom, what and why it was disclosed."))
    Patient.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=patient_id)
    row = Disclosure(
        patient_id=patient_id,
        noted_by=by,
        **{name: getattr(told, name) for name in Told.__dataclass_fields__},
    )
    row.save()
    trail.record("patients.disclosure.noted", subjects=[patient_id], changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def withhold(
    *, patient_id: UUID, disclosure_ids: Collection[UUID], until: date, by: User
) -> list[Disclosure]:
    """Hold disclosures to an authority back from the patient until a day (164.528(a)(2)).

    A later day is never made an earlier one. No earlier version is kept: a copy of the record would tell it.
    """
    rows = Disclosure.objects.select_for_update(of=("self",)).filter(patient_id=patient_id)
    found = [
        row
        for row in rows.filter(pk__in=disclosure_ids).order_by("pk")
        if row.ground in TO_AUTHORITIES
    ]
    if len(found) != len(set(disclosure_ids)):
        raise NotAnAuthority(_("Only what went to an authority is held back."))
    for row in found:
        row.silent_until = max(until, row.silent_until or until)
        row.advance()
        row.save()
    if found:
        trail.record("patients.disclosure.silenced", subjects=[patient_id], changed=found, by=by)
    return found


@transaction.atomic
def account(*, patient_id: UUID, count: int, by: User) -> None:
    """Record that an accounting left the product; what it says is recorded nowhere."""
    trail.record(
        "patients.disclosure.accounted",
        subjects=[patient_id],
        counts={"disclosures": count},
        by=by,
    )
