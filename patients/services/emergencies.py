"""Breaking the glass: one chart for one session, for a reason and for minutes; and ending it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.meaning import meaningful
from patients.models import BreakGlass, Patient
from patients.models.break_glass import LONGEST
from security import context, sessions, trail
from security.access.categories import Reach
from security.access.decision import decide, purposes_of, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.models import User

USUAL = timedelta(minutes=60)
SHORTEST = timedelta(minutes=5)
FEWEST_CHARACTERS = 15


class NotForYou(Refused):
    """The role has no emergency access, or the record is the person's own."""


class SaysTooLittle(Refused):
    """The reason has fewer than fifteen meaningful characters."""


class TooLong(Refused):
    """Longer than four hours, or no time at all."""


class AlreadyOpen(Refused):
    """The chart is open to this person without emergency access, or the glass is broken already."""


class NoSession(Refused):
    """Emergency access belongs to a session, and there is none."""


class NobodyThere(Exception):
    """There is no such patient; whoever asked learns nothing of it."""


class NotOpen(Refused):
    """No emergency access of this person is in force here."""


@transaction.atomic
def break_glass(
    *, patient_id: UUID, code: str, reason: str, lasts: timedelta = USUAL, by: User
) -> BreakGlass:
    """Open one chart to one session for emergency treatment; told at once, reviewed afterwards."""
    here = context.current()
    _refuse_unless_may(patient_id, by)
    if meaningful(reason) < FEWEST_CHARACTERS:
        raise SaysTooLittle(
            _("Say in at least 15 meaningful characters why the care team cannot be waited for.")
        )
    if not SHORTEST <= lasts <= LONGEST:
        raise TooLong(_("Emergency access lasts from 5 minutes to 4 hours."))
    if code not in BreakGlass.Code.values:
        raise SaysTooLittle(_("Choose the kind of emergency."))
    if not here.session_bond:
        raise NoSession(_("Please sign in again: this session cannot hold an emergency access."))
    there = Patient.objects.filter(pk=patient_id, merged_into__isnull=True)
    if not there.select_for_update(of=("self",)).exists():
        raise NobodyThere(patient_id)
    _refuse_if_open(patient_id, by)
    now = timezone.now()
    row = BreakGlass(
        user=by,
        patient_id=patient_id,
        session=here.session_bond,
        code=code,
        starts_at=now,
        ends_at=now + lasts,
        reason=" ".join(reason.split()),
    )
    row.save()
    _tell("patients.glass.opened", row, by=by, minutes=int(lasts.total_seconds() // 60))
    return row


def _refuse_unless_may(patient_id: UUID, by: User) -> None:
    made = decide(by, Permission.CLINICAL_REQUEST, patient_id, context.current().purpose)
    emergency = Purpose.ETREAT in purposes_of(by)
    if not emergency or reach_of_user(by, Permission.CLINICAL_REQUEST) is Reach.NONE:
        raise NotForYou(_("Your role does not include emergency access."))
    if not made.allowed:
        raise NotForYou(made.reason)


def _refuse_if_open(patient_id: UUID, by: User) -> None:
    rows = BreakGlass.objects.in_force().of(by, context.current().session_bond)
    if rows.filter(patient_id=patient_id).exists():
        raise AlreadyOpen(
            _(
                "Emergency access to this chart is running. When it has ended, a new one needs a new reason."
            )
        )
    made = (decide(by, Permission.CLINICAL_READ, patient_id, str(one)) for one in purposes_of(by))
    if any(one.allowed for one in made):
        raise AlreadyOpen(_("This chart is open to you; you need no emergency access."))


@transaction.atomic
def miss(*, patient_id: UUID, by: User) -> None:
    """Record that somebody broke a glass behind which there is nothing."""
    trail.record(
        "patients.glass.missed",
        outcome="refused",
        subjects=[patient_id],
        purpose=str(Purpose.ETREAT),
        by=by,
    )


@transaction.atomic
def end(*, patient_id: UUID, by: User) -> None:
    """End an emergency access of this session now."""
    rows = BreakGlass.objects.in_force().of(by, context.current().session_bond)
    found = list(rows.filter(patient_id=patient_id).select_for_update(of=("self",)))
    if not found:
        raise NotOpen(_("This emergency access has ended."))
    _end(found, by)


def end_of_session(by: User) -> None:
    """End what a session opened, inside the deed that ends the session."""
    rows = BreakGlass.objects.in_force().of(by, context.current().session_bond)
    _end(list(rows.select_for_update(of=("self",))), by)


def install() -> None:
    """Follow the ends of sessions; called once at start-up."""
    if end_of_session not in sessions.followers:
        sessions.followers.append(end_of_session)


def _end(rows: Collection[BreakGlass], by: User) -> None:
    now = timezone.now()
    for row in rows:
        row.ends_at, row.ended_by = max(now, row.starts_at), by
        row.advance()
        row.save()
        used = int((row.ends_at - row.starts_at).total_seconds() // 60)
        _tell("patients.glass.ended", row, by=by, minutes=used)


def _tell(action: str, row: BreakGlass, *, by: User, minutes: int) -> None:
    trail.record(
        action,
        subjects=[row.patient_id],
        changed=[row],
        obj=row,
        counts={"minutes": minutes},
        purpose=str(Purpose.ETREAT),
        basis="break_glass",
        reason=row.reason if row.ended_by_id is None else "",
        by=by,
    )
    context.current().forget_decisions()
