"""Asking the carers of a patient to be let in; nobody learns by asking whether there is such a patient."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.meaning import meaningful
from patients.models import AccessRequest, CareRelationship, Patient
from patients.queries import requests
from patients.services import relationships
from security import context, trail
from security.access.decision import decide
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User
from security.services import throttle
from security.services.throttle import Counter, Limit

State = AccessRequest.State
PER_HOUR = 20
LIMIT = Limit("access request", PER_HOUR, timedelta(hours=1), timedelta(hours=1))
LONGEST_DAYS = 90
WAITS = timedelta(days=14)
FEWEST_CHARACTERS = 10


class TooMany(Refused):
    """More requests within an hour than a day's work needs."""


class SaysTooLittle(Refused):
    """A request without a reason, or a refusal without one."""


class NotAsked(Refused):
    """The person does not answer for this patient, or the request is not open any more."""


@transaction.atomic
def ask(*, patient_id: UUID, reason: str, days: int, by: User) -> None:
    """Ask to be let in; what is asked about nobody is dropped, and an open request is not doubled."""
    made = decide(by, Permission.CLINICAL_REQUEST, patient_id, context.current().purpose)
    if not made.allowed:
        raise NotAsked(made.reason)
    if throttle.take([Counter(LIMIT, f"{by.pk} {timezone.now():%Y%m%d%H}")]) is not None:
        raise TooMany(_("You asked for access twenty times within this hour. Please wait a while."))
    if meaningful(reason) < FEWEST_CHARACTERS:
        raise SaysTooLittle(_("Say why you need access to this patient's record."))
    there = Patient.objects.filter(pk=patient_id, merged_into__isnull=True)
    patient = there.select_for_update(of=("self",)).only("pk")
    open_ones = AccessRequest.objects.filter(patient_id=patient_id, asked_by=by, state=State.OPEN)
    if not patient.first() or open_ones.exists():
        trail.record(
            "patients.access_request.dropped", outcome="failed", subjects=[patient_id], by=by
        )
        return
    row = AccessRequest(
        patient_id=patient_id,
        asked_by=by,
        reason=" ".join(reason.split()),
        days=min(max(days, 1), LONGEST_DAYS),
    )
    row.save()
    trail.record(
        "patients.access_request.made", subjects=[patient_id], changed=[row], obj=row, by=by
    )


@transaction.atomic
def accept(*, request_id: UUID, by: User) -> AccessRequest:
    """Let the colleague in for the days that were asked for; it ends by itself."""
    row = _locked(request_id, by)
    asker, purpose = row.asked_by, context.current().purpose
    if not decide(asker, Permission.CLINICAL_REQUEST, row.patient_id, purpose).allowed:
        raise NotAsked(_("This colleague cannot be let in to this record."))
    row.relationship = relationships.grant(
        user=asker,
        patient_id=row.patient_id,
        source=CareRelationship.Source.REQUEST,
        ends_at=timezone.now() + timedelta(days=row.days),
        by=by,
    )
    return _answered(row, State.ACCEPTED, "patients.access_request.accepted", by=by)


@transaction.atomic
def decline(*, request_id: UUID, answer: str, by: User) -> AccessRequest:
    """Refuse a request, with a reason that the colleague reads."""
    if not answer.strip():
        raise SaysTooLittle(_("Say why, in a word to the colleague."))
    row = _locked(request_id, by)
    row.answer = answer.strip()
    return _answered(row, State.DECLINED, "patients.access_request.declined", by=by)


@transaction.atomic
def expire() -> int:
    """End requests that nobody answered for two weeks; return how many there were."""
    old = AccessRequest.objects.filter(state=State.OPEN, asked_at__lt=timezone.now() - WAITS)
    rows = list(old.select_for_update(of=("self",), skip_locked=True)[:1000])
    for row in rows:
        _answered(row, State.EXPIRED, "patients.access_request.expired", by=None)
    return len(rows)


def _locked(request_id: UUID, by: User) -> AccessRequest:
    here = AccessRequest.objects.select_for_update(of=("self",)).select_related("asked_by")
    row: AccessRequest | None = here.filter(pk=request_id).first()
    if row is None or row.asked_by_id == by.pk or not requests.answers_for(by, row.patient_id):
        raise NotAsked(_("Somebody else answers for this patient."))
    if row.state != State.OPEN:
        raise NotAsked(_("This request was answered before."))
    return row


def _answered(row: AccessRequest, state: str, action: str, *, by: User | None) -> AccessRequest:
    row.state, row.answered_at, row.answered_by = state, timezone.now(), by
    row.advance()
    row.save()
    trail.record(action, subjects=[row.patient_id], changed=[row], obj=row, by=by)
    return row
