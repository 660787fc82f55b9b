"""Enquiries and referrals in: taken in after the notice, worked on, taken over into a record with the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import periods
from consent.models import RetentionRule
from engagement.models import Lead
from engagement.queries import leads as reads
from engagement.queries.shown_notices import Agreed
from patients.informing import Told
from patients.models import Patient
from patients.services import registration
from security import trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User
from security.services import data_keys

State, Source, Lost = Lead.State, Lead.Source, Lead.Lost
# Where the clinic has no rule of its own: 24 months after the last contact (PIPL 19).
MONTHS = 24
LONGEST = {"name": 120, "phone": 40, "email": 254, "message": 2000, "referrer": 300, "note": 4000}


class NotAgreed(Refused):
    """Nothing is kept of somebody who did not read the notice and agree (PIPL 13, 14, 17; GDPR 6, 13)."""


class Incomplete(Refused):
    """An enquiry has a name and a way to answer it."""


class Changed(Refused):
    """Somebody changed the enquiry meanwhile."""


class Converted(Refused):
    """The person is a patient already, or the record can not take the enquiry over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, how to answer, and what the person agreed to."""

    name: str
    source: str
    phone: str = ""
    email: str = ""
    message: str = ""
    referrer: str = ""
    language: str = ""
    service_id: UUID | None = None
    agreed: Agreed = field(default_factory=Agreed)


def keep_until(day: date | None = None) -> date:
    """Return when somebody who was last in touch on a day is deleted, by the rule of the clinic."""
    rule = RetentionRule.objects.filter(kind=RetentionRule.Kind.LEAD, is_on=True)
    found = rule.order_by("months", "days").first()
    months, days = (found.months, found.days) if found else (MONTHS, 0)
    return periods.later(day or timezone.localdate(), months) + timedelta(days=days)


@transaction.atomic
def take_in(*, asked: Asked, by: User | None) -> Lead:
    """Keep an enquiry under a key of its own until its day; raise NotAgreed or Incomplete."""
    if not asked.agreed.notices:
        raise NotAgreed(_("First show the privacy notice and ask whether the person agrees."))
    said = _cut(
        {name: getattr(asked, name) for name in ("name", "phone", "email", "message", "referrer")}
    )
    if (
        not said["name"]
        or not (said["phone"] or said["email"])
        or asked.source not in Source.values
    ):
        raise Incomplete(_("Give a name, and a phone number or an e-mail address."))
    row = Lead(
        source=asked.source, language=asked.language, service_id=asked.service_id, created_by=by,
        owner=by, delete_on=keep_until(), consented_at=timezone.now(),
        notices=list(asked.agreed.notices), notice_digests=list(asked.agreed.digests),
        notice_language=asked.agreed.language, **said,
    )  # fmt: skip
    row.save()
    _record("engagement.lead.received", row, by, [asked.source])
    return row


def _cut(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value or "").strip()[: LONGEST[name]] for name, value in said.items()}


@transaction.atomic
def change(
    *, lead_id: UUID, version: int, said: Mapping[str, str], to: User | None, by: User
) -> Lead:
    """Correct what is known of somebody, note what was said, and say who keeps in touch."""
    row = _open(lead_id, version)
    kept = _cut({name: value for name, value in said.items() if name in LONGEST})
    if not kept.get("name", row.name) or not (
        kept.get("phone", row.phone) or kept.get("email", row.email)
    ):
        raise Incomplete(_("Give a name, and a phone number or an e-mail address."))
    for name, value in kept.items():
        setattr(row, name, value)
    row.owner = to
    _write(row)
    _record("engagement.lead.changed", row, by, sorted(kept))
    return row


@transaction.atomic
def move(*, lead_id: UUID, version: int, state: str, by: User) -> Lead:
    """Move an enquiry along, or take a lost one up again; being in touch begins its time anew."""
    row = _open(lead_id, version)
    if state not in Lead.OPEN:
        raise Changed(_("An enquiry is new, contacted, or has an appointment."))
    row.state, row.lost_why = state, ""
    row.moved_at, row.delete_on = timezone.now(), keep_until()
    row.owner = row.owner or by
    _write(row)
    _record("engagement.lead.moved", row, by, [state])
    return row


@transaction.atomic
def lose(*, lead_id: UUID, version: int, why: str, by: User) -> Lead:
    """Note that somebody will not come, and let the data go soon."""
    row = _open(lead_id, version)
    if why not in Lost.values:
        raise Incomplete(_("Say why the person will not come."))
    soon = timezone.localdate() + timedelta(days=settings.LEAD_LOST_DAYS)
    row.state, row.lost_why, row.moved_at = State.LOST, why, timezone.now()
    row.delete_on = min(row.delete_on, soon)
    _write(row)
    _record("engagement.lead.lost", row, by, [why])
    return row


@transaction.atomic
def convert(
    *,
    lead_id: UUID,
    version: int,
    fields: Mapping[str, Any],
    doctor: User | None,
    told: Told | None,
    by: User,
) -> Patient:
    """Register the person as a patient: under the same id and the same data key, now the record's."""
    row = _open(lead_id, version)
    _opened(row)
    data_keys.adopt(
        from_id=row.pk, from_kind=SubjectKind.LEAD, to_id=row.pk, to_kind=SubjectKind.PATIENT, by=by
    )
    patient = registration.register(fields=fields, doctor=doctor, told=told, known_as=row.pk, by=by)
    _won(row, patient, by)
    return patient


@transaction.atomic
def join(*, lead_id: UUID, version: int, patient_id: UUID, by: User) -> Patient:
    """Take an enquiry over into the record of somebody who is a patient already; its key goes along."""
    row = _open(lead_id, version)
    patient = Patient.objects.select_for_update(of=("self",)).filter(pk=patient_id).first()
    if patient is None or patient.merged_into_id is not None:
        raise Converted(_("This record does not exist any more."))
    _opened(row)
    data_keys.adopt(
        from_id=row.pk,
        from_kind=SubjectKind.LEAD,
        to_id=patient.pk,
        to_kind=SubjectKind.PATIENT,
        by=by,
    )
    _won(row, patient, by)
    return patient


@transaction.atomic
def copy_for(*, lead_id: UUID, by: User) -> dict[str, Any]:
    """Return all that is held about somebody, to be given to the person; what was given out is an event."""
    row = Lead.objects.get(pk=lead_id)
    trail.record("engagement.lead.copied", subjects=[row.pk], obj=row, by=by)
    return reads.copy(row)


def _opened(row: Lead) -> None:
    """Open both envelopes while the key is still the person's own: they are sealed for the record next."""
    _ = (row.name, row.message)


def _won(row: Lead, patient: Patient, by: User) -> None:
    row.state, row.lost_why, row.patient_id = State.WON, "", patient.pk
    row.converted_at = row.moved_at = timezone.now()
    _write(row)
    trail.record("engagement.lead.converted", subjects={patient.pk}, changed=[row], obj=row, by=by)


def _open(lead_id: UUID, version: int) -> Lead:
    row: Lead = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
    if row.patient_id is not None:
        raise Converted(_("This person is a patient already."))
    if row.version != version:
        raise Changed(_("Somebody changed this enquiry meanwhile. Look at it again."))
    return row


def _write(row: Lead) -> None:
    row.advance()
    row.save()


def _record(action: str, row: Lead, by: User | None, fields: Sequence[str] = ()) -> None:
    trail.record(action, subjects=[row.pk], changed=[row], obj=row, fields=fields, by=by)
