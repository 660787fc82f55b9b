"""Referring a patient to a colleague: a question, the least data, an answer, and an end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import CareRelationship, Referral
from patients.queries import excerpts
from patients.queries.chart import Chart
from patients.services import relationships
from security import context, trail
from security.access.categories import Reach
from security.access.decision import decide, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.access.registry import Basis
from security.models import User

State = Referral.State
USUAL_DAYS, LONGEST_DAYS = 90, 365
WAITS = timedelta(days=30)


class NotThisColleague(Refused):
    """The colleague does not care for patients, is the person who asks, or may not open this record."""


class NotYours(Refused):
    """The patient is not in the person's own care."""


class AskedBefore(Refused):
    """The same colleague was asked about the same patient and has not answered."""


class NotOpen(Refused):
    """The referral is not for this person, or was answered before."""


class SaysTooLittle(Refused):
    """A referral without a question, or a refusal without a reason."""


@transaction.atomic
def refer(
    *, chart: Chart, colleague: User, question: str, sections: Sequence[str], days: int, by: User
) -> Referral:
    """Ask a colleague about a patient of one's own; the colleague sees what was chosen, no more."""
    made = chart.decision(Permission.CLINICAL_READ)
    if not made.allowed or made.basis is Basis.BREAK_GLASS:
        raise NotYours(_("Only patients in your own care can be referred."))
    if not question.strip():
        raise SaysTooLittle(_("Write what you ask the colleague."))
    patient_id = chart.patient.pk
    relationships.lock(patient_ids=[patient_id])
    _refuse_unfit(colleague, patient_id, by)
    row = Referral(
        patient_id=patient_id,
        asked_by=by,
        asked_of=colleague,
        question=question.strip(),
        excerpt=excerpts.of(chart, sections),
        days=min(max(days, 1), LONGEST_DAYS),
    )
    row.save()
    trail.record(
        "patients.referral.made",
        subjects=[patient_id],
        changed=[row],
        obj=row,
        fields=sorted(set(sections) & set(excerpts.SECTIONS)),
        by=by,
    )
    return row


def _refuse_unfit(colleague: User, patient_id: UUID, by: User) -> None:
    is_carer = reach_of_user(colleague, Permission.CLINICAL_READ) is Reach.TEAM
    purpose = context.current().purpose
    may = decide(colleague, Permission.CLINICAL_REQUEST, patient_id, purpose).allowed
    if colleague.pk == by.pk or not is_carer or not may:
        raise NotThisColleague(_("This colleague cannot take this patient."))
    same = Referral.objects.filter(patient_id=patient_id, asked_by=by, asked_of=colleague)
    if same.filter(state=State.OPEN).exists():
        raise AskedBefore(_("You asked this colleague before; the answer is still to come."))


@transaction.atomic
def accept(*, referral_id: UUID, by: User) -> Referral:
    """Take the patient on from now for the days of the referral; it ends by itself."""
    row = _locked(referral_id, asked_of=by)
    purpose = context.current().purpose
    if not decide(by, Permission.CLINICAL_REQUEST, row.patient_id, purpose).allowed:
        raise NotThisColleague(_("This record cannot be opened to you."))
    if not decide(row.asked_by, Permission.CLINICAL_READ, row.patient_id, purpose).allowed:
        # Nobody gives what is not in the own hands any more.
        raise NotYours(_("Whoever asked you does not care for this patient any more."))
    row.relationship = relationships.grant(
        user=by,
        patient_id=row.patient_id,
        source=CareRelationship.Source.REFERRAL,
        ends_at=timezone.now() + timedelta(days=row.days),
        by=row.asked_by,
    )
    return _answered(row, State.ACCEPTED, "patients.referral.accepted", by=by)


@transaction.atomic
def decline(*, referral_id: UUID, answer: str, by: User) -> Referral:
    """Refuse a referral, with a reason that the colleague reads."""
    if not answer.strip():
        raise SaysTooLittle(_("Say why, in a word to the colleague."))
    row = _locked(referral_id, asked_of=by)
    row.answer = answer.strip()
    return _answered(row, State.DECLINED, "patients.referral.declined", by=by)


@transaction.atomic
def withdraw(*, referral_id: UUID, by: User) -> Referral:
    """Take a referral back before it was answered."""
    row = _locked(referral_id, asked_by=by)
    return _answered(row, State.WITHDRAWN, "patients.referral.withdrawn", by=by)


@transaction.atomic
def expire() -> int:
    """End referrals that nobody answered for a month; return how many there were."""
    old = Referral.objects.filter(state=State.OPEN, asked_at__lt=timezone.now() - WAITS)
    rows = list(old.select_for_update(of=("self",), skip_locked=True)[:1000])
    for row in rows:
        _answered(row, State.EXPIRED, "patients.referral.expired", by=None)
    return len(rows)


def _locked(referral_id: UUID, **whose: User) -> Referral:
    here = Referral.objects.select_for_update(of=("self",)).select_related("asked_by")
    row: Referral | None = here.filter(pk=referral_id, **whose).first()
    if row is None or row.state != State.OPEN:
        raise NotOpen(_("This referral was answered before, or it is not for you."))
    return row


def _answered(row: Referral, state: str, action: str, *, by: User | None) -> Referral:
    row.state, row.answered_at, row.answered_by = state, timezone.now(), by
    row.advance()
    row.save()
    trail.record(action, subjects=[row.patient_id], changed=[row], obj=row, by=by)
    return row
