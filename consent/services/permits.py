"""What must hold for a disclosure, each time it is asked: recipient, purpose, ground, will, limits."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose, ProcessingRestriction, Recipient, Sharing
from consent.queries import authorisations, leaving, limits, register
from consent.queries.leaving import SECTIONS
from consent.queries.standing import may
from patients.models import Disclosure
from security import context
from security.access.decision import decide
from security.access.gate import Refused
from security.access.permissions import Permission
from security.classification import Category
from security.models import ClinicProfile, User

Ground = Disclosure.Ground
# What the law orders or lets be told without asking the person; its provision is named.
BY_LAW = frozenset(
    {
        Ground.LAW, Ground.PUBLIC_HEALTH, Ground.ABUSE, Ground.OVERSIGHT, Ground.COURT, Ground.POLICE,
        Ground.DEATH, Ground.ORGANS, Ground.THREAT, Ground.GOVERNMENT, Ground.WORK, Ground.SECURITY,
    }
)  # fmt: skip
# On these nothing goes without an authorisation under any law.
ASKED = frozenset({Ground.AUTHORISED, Ground.OTHER, Ground.RESEARCH, Ground.LIMITED})
# PIPL 23 wants a separate consent where another handler gets the data, care and the person's wish apart.
NOT_ASKED_BY_PIPL = BY_LAW | {Ground.TREATMENT, Ground.PATIENT}
# What is noted afterwards and never planned.
NEVER_PLANNED = frozenset({Ground.MISTAKE})
ORDINARY = frozenset({str(Category.DEMOGRAPHICS)})


class NotPermitted(Refused):
    """The disclosure does not keep to the law, the person's will or the reader's role."""


class NeedsAuthorisation(NotPermitted):
    """Only the patient's authorisation permits it, and there is none in force that covers it."""


class PaidAlone(NotPermitted):
    """The patient paid alone and wants the health plan not to know (45 CFR 164.522(a)(1)(vi))."""


def needs_authorisation(ground: str) -> bool:
    """Tell whether a ground wants the patient's authorisation under a law of the clinic."""
    if ground in ASKED:
        return True
    return ClinicProfile.Law.PIPL in register.laws() and ground not in NOT_ASKED_BY_PIPL


def check(row: Sharing, by: User) -> UUID | None:
    """Raise NotPermitted unless it may go; return the consent event that authorises it, if one must."""
    _ground(row)
    _parts(row, by)
    _paid_alone(row)
    event_id = _authorised(row)
    _standing(row)
    _abroad(row)
    return event_id


def _ground(row: Sharing) -> None:
    if row.recipient.retired_at is not None:
        raise NotPermitted(_("This recipient gets nothing any more."))
    if row.processing.state != ProcessingPurpose.State.ACTIVE:
        raise NotPermitted(_("This purpose is not in use."))
    if row.ground not in Ground.values or row.ground in NEVER_PLANNED:
        raise NotPermitted(_("Nothing is disclosed on this ground."))
    if row.ground in BY_LAW and not (row.legal_basis or "").strip():
        raise NotPermitted(_("Name the provision, order or file number that demands it."))
    if not (row.why or "").strip():
        raise NotPermitted(_("Say what it is for."))


def _parts(row: Sharing, by: User) -> None:
    """Refuse parts that whoever discloses them may not read."""
    wanted = [SECTIONS[key].permission for key in row.sections if key in SECTIONS]
    if not wanted:
        raise NotPermitted(_("Choose what is disclosed."))
    if row.with_protected:
        wanted.append(Permission.RESTRICTED_READ)
    for permission in dict.fromkeys(wanted):
        made = decide(by, permission, row.patient_id, context.current().purpose)
        if not made.allowed:
            raise NotPermitted(made.reason)


def _paid_alone(row: Sharing) -> None:
    if row.recipient.kind != Recipient.Kind.HEALTH_PLAN or row.ground in BY_LAW:
        return
    now, named = timezone.now(), leaving.categories(row.sections)
    for one in limits.of([row.patient_id])[row.patient_id]:
        if one.kind != ProcessingRestriction.Kind.SELF_PAY or not one.holds(now):
            continue
        if row.ground in (Ground.PAYMENT, Ground.OPERATIONS) or any(map(one.covers, named)):
            raise PaidAlone(
                _("The patient pays alone: the health plan gets no bills and nothing for payment.")
            )


def _authorised(row: Sharing) -> UUID | None:
    if not (needs_authorisation(row.ground) or row.with_protected):
        return None
    named = leaving.categories(row.sections)
    verdict = authorisations.find(
        row.patient_id, row.recipient, named, with_protected=row.with_protected
    )
    if not verdict.covers:
        raise NeedsAuthorisation(verdict.reason)
    return verdict.event_id


def _standing(row: Sharing) -> None:
    """Refuse what the person restricted or objected to; what the law orders goes on (GDPR 18(2))."""
    if row.ground in BY_LAW:
        return
    known = next(iter(register.active(key=row.processing.key)), None)
    by_recipient = known is not None and known.is_per_channel
    answer = may(row.patient_id, row.processing.key, row.recipient.key if by_recipient else "")
    if not answer.allowed:
        raise NotPermitted(answer.reason)


def _abroad(row: Sharing) -> None:
    """Want the separate consent of PIPL 39 where personal data leave the country."""
    if not row.recipient.is_abroad or ClinicProfile.Law.PIPL not in register.laws():
        return
    known = next(iter(register.active(key="abroad")), None)
    by_recipient = known is not None and known.is_per_channel
    answer = may(row.patient_id, "abroad", row.recipient.key if by_recipient else "")
    if not answer.allowed:
        raise NeedsAuthorisation(
            _("The recipient is abroad, and the person did not agree to that separately (PIPL 39).")
        )
