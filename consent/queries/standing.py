"""Whether the data of a person may be used for a purpose now: the answer of the law and of the person.

Asked anew each time and never remembered, so that a job that waited gets the answer of now. Whatever is
unknown, empty or does not open is a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentEvent, ScopeOutcome, State
from consent.queries import grants, limits, register
from consent.queries.grants import ANY, Grant
from consent.queries.limits import Kind, Limit
from consent.queries.register import NEVER_WAITS, Known
from patients.models import Patient
from patients.queries import guardians
from security import context
from security.classification import Scope
from security.sealing import SealBroken

__all__ = ["ANY", "Answer", "may", "may_many"]

Capacity = ConsentEvent.Capacity
# What goes on although data are restricted or only stored.
GOES_ON = frozenset({"emergency", "legal_duty"})
NO_PURPOSE = _("No purpose in use is called so.")
NOBODY = _("There is no such record.")
NO_CHANNEL = _("This purpose is allowed by each way apart: say by which.")
NEVER_ASKED = _("The person did not allow this purpose.")
OVER = _("What the person allowed is over.")
NOT_YET = _("What the person allowed has not begun.")
OBJECTED = _("The person objected to this purpose.")
RESTRICTED = _("The use of these data is restricted.")
STORED = _("These data are only stored.")
NO_NEED = _("This purpose does not rest on a consent.")
GRANTED = _("The person allowed it.")
DIED = _("The person has died; only close relatives can allow this.")
OF_AGE = _("The person has come of age: what a guardian allowed is over.")
TOO_YOUNG = _("The person was too young to allow this without a guardian.")
UNREADABLE = _("The record can not be opened, so nothing is allowed.")
SAID: Mapping[str, Promise] = {
    State.DECLINED: _("The person declined this purpose."),
    State.WITHDRAWN: _("The person withdrew the consent to this purpose."),
    State.EXPIRED: OVER,
    State.SUPERSEDED: _("The consent to this purpose was replaced."),
    State.INVALID: _("The consent to this purpose is not valid."),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it is allowed, why, and the consent event or restriction that says so."""

    allowed: bool
    reason: Promise | str
    event_id: UUID | None = None
    restriction_id: UUID | None = None

    @property
    def source(self) -> UUID | None:
        """Return the row on which the answer rests, if there is one."""
        return self.event_id or self.restriction_id


def may(
    patient: Patient | UUID | None,
    purpose: str,
    channel: str | None = "",
    *,
    at: datetime | None = None,
) -> Answer:
    """Tell whether one person's data may be used for a purpose, by a channel, now."""
    if patient is None:
        return Answer(False, NOBODY)
    patient_id = patient.pk if isinstance(patient, Patient) else patient
    return may_many([patient_id], purpose, channel, at=at)[patient_id]


def may_many(
    patients: Iterable[UUID],
    purpose: str,
    channel: str | None = "",
    *,
    at: datetime | None = None,
) -> dict[UUID, Answer]:
    """Answer for many people with the same number of queries as for one; every id gets an answer."""
    ids, now = list(dict.fromkeys(patients)), at or timezone.now()
    known = next(iter(register.active(key=purpose)), None) if purpose and ids else None
    if known is None:
        return dict.fromkeys(ids, Answer(False, NO_PURPOSE))
    erased = ScopeOutcome.objects.filter(
        patient_id=OuterRef("pk"), key_scope=Scope.RECORD, outcome=ScopeOutcome.Outcome.ERASED
    )
    alive = Patient.objects.filter(~Exists(erased), pk__in=ids, merged_into__isnull=True)
    there = set(alive.values_list("pk", flat=True))
    found = {one: held for one, held in limits.of(there).items() if held}
    said = grants.of(there, [known.id]) if known.needs_consent else {}
    answers = {
        one: standing(known, said.get((one, known.id), ()), found.get(one, ()), channel or "", now)
        if one in there
        else Answer(False, NOBODY)
        for one in ids
    }
    return answers | _about_the_person(said, answers, now) if known.needs_consent else answers


def standing(
    known: Known, said: Sequence[Grant], held: Sequence[Limit], channel: str, now: datetime
) -> Answer:
    """Return the answer from what was said and what is restricted; nothing sealed is looked at."""
    return _restricted(known, held, now) or consented(known, said, held, channel, now)


def _restricted(known: Known, held: Sequence[Limit], now: datetime) -> Answer | None:
    if known.key in GOES_ON:
        return None
    for one in held:
        touches = not (one.categories and known.categories) or any(
            map(one.covers, known.categories)
        )
        if not (one.holds(now) and touches and one.concerns(known.id)):
            continue
        if one.kind == Kind.STORAGE:
            return Answer(False, STORED, restriction_id=one.id)
        if one.kind == Kind.RESTRICTED:
            return Answer(False, RESTRICTED, restriction_id=one.id)
    return None


def objection(
    known: Known, held: Iterable[Limit], now: datetime, category: str = ""
) -> Limit | None:
    """Return the objection in force to a purpose, for a category of data where one is named."""
    if known.key in NEVER_WAITS:
        return None
    of_kind = (one for one in held if one.kind == Kind.OBJECTION and one.concerns(known.id))
    return next(
        (one for one in of_kind if one.holds(now) and (not category or one.covers(category))), None
    )


def consented(
    known: Known, said: Sequence[Grant], held: Sequence[Limit], channel: str, now: datetime,
    category: str = "",
) -> Answer:  # fmt: skip
    """Return whether a person allowed a purpose, or need not be asked, and did not object."""
    against = objection(known, held, now, category)
    if against is not None:
        return Answer(False, OBJECTED, restriction_id=against.id)
    if not known.needs_consent:
        return Answer(True, NO_NEED)
    if known.is_per_channel and not channel:
        return Answer(False, NO_CHANNEL)
    asked = [one for one in said if one.serves(channel, is_per_channel=known.is_per_channel)]
    holds = next((one for one in asked if one.holds(now)), None)
    if holds is not None:
        # What was said of this channel outweighs what was said of all.
        own = next((one for one in asked if one.channel == channel), holds)
        return Answer(True, GRANTED, event_id=holds.event_id) if own.holds(now) else _no(own, now)
    return _no(asked[0], now) if asked else Answer(False, NEVER_ASKED)


def _no(grant: Grant, now: datetime) -> Answer:
    if grant.state != State.GRANTED:
        return Answer(False, SAID[grant.state], event_id=grant.event_id)
    return Answer(False, NOT_YET if grant.since > now else OVER, event_id=grant.event_id)


def _about_the_person(
    said: Mapping[tuple[UUID, UUID], list[Grant]], answers: Mapping[UUID, Answer], now: datetime
) -> dict[UUID, Answer]:
    """Refuse what the person's death or age ends; the card is opened to decide and not to be shown."""
    events = {one.event_id: one for rows in said.values() for one in rows}
    allowed = [one for one, answer in answers.items() if answer.allowed]
    if not allowed:
        return {}
    refused, of_age = {}, guardians.of_age()
    with context.matching():
        for row in Patient.objects.filter(pk__in=allowed).only("pk", "version", "sealed_card"):
            grant = events[answers[row.pk].event_id]  # type: ignore[index]
            reason = _ended(row, grant, of_age, now)
            if reason is not None:
                event_id = answers[row.pk].event_id
                refused[row.pk] = Answer(False, reason, event_id=event_id)
    return refused


def _ended(row: Patient, grant: Grant, of_age: int, now: datetime) -> Promise | None:
    try:
        born_on, has_died = row.birth_on, row.deceased
    except SealBroken:
        return UNREADABLE
    if has_died:
        return None if grant.capacity == Capacity.RELATIVE else DIED
    if born_on is None:
        return None
    today = timezone.localdate(now)
    if grant.capacity == Capacity.GUARDIAN and not guardians.is_below(row, of_age, today):
        return OF_AGE
    said_on = timezone.localdate(grant.given_at) if grant.given_at else None
    if grant.capacity == Capacity.SELF and said_on and guardians.is_below(row, of_age, said_on):
        return TOO_YOUNG
    return None
