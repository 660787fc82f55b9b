"""Noting a disclosure to somebody outside, and giving out the accounting of them (HIPAA 164.528)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Disclosure, Patient
from security import trail
from security.access.gate import Refused
from security.models import User


class NotYetDisclosed(Refused):
    """The day of the disclosure lies ahead."""


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
def account(*, patient_id: UUID, count: int, by: User) -> None:
    """Record that an accounting left the product; what it says is recorded nowhere."""
    trail.record(
        "patients.disclosure.accounted",
        subjects=[patient_id],
        counts={"disclosures": count},
        by=by,
    )
