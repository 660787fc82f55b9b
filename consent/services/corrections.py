"""Corrections: proposed on a proved request, decided by who writes that part of the record, answered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import Correction, RightsRequest
from consent.queries import corrections as asked
from consent.services.request_rows import refuse_own
from security import context, trail
from security.access.decision import decide as may
from security.access.gate import Refused
from security.models import User

Verdict = Correction.Verdict
LONGEST = 4000


class NotAsked(Refused):
    """The request asks for something else, is closed, or nobody proved who asks."""


class SaysTooLittle(Refused):
    """A proposal says what is wrong and what is right; a verdict gives its reasons."""


class DecidedBefore(Refused):
    """Somebody decided already."""


class NotYours(Refused):
    """Somebody else decides: whoever may write this part, and not who proposed it."""


class NothingWasCorrected(Refused):
    """Nothing was changed in the record since the proposal."""


class NothingToAnswer(Refused):
    """Only a refusal is disagreed with, once."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is wrong, what should stand there, and in which part."""

    area: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict with its reasons; of a correction the entry's earlier state, of a refusal the ground."""

    verdict: str
    finding: str
    ground: str = ""
    replaced_id: UUID | None = None


@transaction.atomic
def propose(*, request_id: UUID, proposal: Proposal, by: User) -> Correction:
    """Write down what a person wants corrected (GDPR 16, PIPL 46, 45 CFR 164.526)."""
    request = RightsRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    if request.kind != RightsRequest.Kind.RECTIFICATION or request.closed_at is not None:
        raise NotAsked(_("This request does not ask for a correction, or it is closed."))
    if request.identity_at is None or request.patient_id is None:
        raise NotAsked(_("First the identity of whoever asks must be proved."))
    refuse_own(request, by)
    if proposal.area not in Correction.Area.values or not _says(proposal.wrong, proposal.right):
        raise SaysTooLittle(_("Say what is wrong and what should stand there."))
    row = Correction(
        request=request,
        patient_id=request.patient_id,
        area=proposal.area,
        wrong=proposal.wrong.strip(),
        right=proposal.right.strip(),
        proposed_by=by,
    )
    row.save()
    _tell("consent.correction.proposed", row, by=by)
    return row


def _says(*texts: str) -> bool:
    return all(text.strip() and len(text) <= LONGEST for text in texts)


@transaction.atomic
def decide(*, correction_id: UUID, found: Finding, by: User) -> Correction:
    """Accept, annotate or refuse: the record itself is corrected in its own forms, and named here.

    Raises NotYours unless the person may write that part for that patient now, and is not who proposed it.
    """
    row = _locked(correction_id)
    if row.verdict:
        raise DecidedBefore(_("Somebody decided about this correction already."))
    decision = may(by, asked.WRITES[row.area], asked.heir_of(row), context.current().purpose)
    if not decision.allowed or row.proposed_by_id == by.pk:
        raise NotYours(
            _("Whoever may write this part of the record decides, and not who proposed it.")
        )
    if found.verdict not in Verdict.values or not _says(found.finding):
        raise SaysTooLittle(_("Give your verdict and the reasons for it."))
    if found.verdict == Verdict.REFUSED and found.ground not in Correction.Ground.values:
        raise SaysTooLittle(_("Name the ground on which the correction is refused."))
    if found.verdict == Verdict.ACCEPTED and not asked.was_replaced(row, found.replaced_id):
        raise NothingWasCorrected(
            _("Correct the entry first, in the record; then say here which one it was.")
        )
    is_refused = found.verdict == Verdict.REFUSED
    row.verdict, row.finding = found.verdict, found.finding.strip()
    row.ground = found.ground if is_refused else ""
    row.replaced_id = found.replaced_id if found.verdict == Verdict.ACCEPTED else None
    row.decided_at, row.decided_by = timezone.now(), by
    _write(row)
    _tell("consent.correction.decided", row, by=by)
    return row


@transaction.atomic
def disagree(*, correction_id: UUID, statement: str, by: User) -> Correction:
    """Keep what the person says against a refusal, beside the record (45 CFR 164.526(d)(2))."""
    row = _locked(correction_id)
    if row.verdict != Verdict.REFUSED or row.disagreed_at is not None:
        raise NothingToAnswer(_("Only a refusal is disagreed with, once."))
    refuse_own(row.request, by)
    if not _says(statement):
        raise SaysTooLittle(_("Say what the person disagrees with, in at most 4000 characters."))
    row.disagreement, row.disagreed_at = statement.strip(), timezone.now()
    _write(row)
    _tell("consent.correction.disagreed", row, by=by)
    return row


@transaction.atomic
def recipients_told(*, correction_id: UUID, by: User) -> Correction:
    """Note that those who got the old value were told of the correction (GDPR 19)."""
    row = _locked(correction_id)
    if row.verdict != Verdict.ACCEPTED or row.recipients_told_at is not None:
        raise NothingToAnswer(_("Recipients are told of a correction that was made, once."))
    refuse_own(row.request, by)
    row.recipients_told_at, row.recipients_told_by = timezone.now(), by
    _write(row)
    _tell("consent.correction.passed_on", row, by=by)
    return row


def _locked(correction_id: UUID) -> Correction:
    found: Correction = Correction.objects.select_for_update(of=("self",)).get(pk=correction_id)
    return found


def _write(row: Correction) -> None:
    row.advance()
    row.save()


def _tell(action: str, row: Correction, *, by: User) -> None:
    trail.record(action, subjects=[row.patient_id], changed=[row], obj=row, by=by)
