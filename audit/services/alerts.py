"""Alerts: raised by rules over events alone, assigned, closed with a verdict, by nobody on himself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons
from audit.models import Alert, Event
from audit.queries import staff
from security import trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User
from security.monitoring import Finding, Response, Rule
from security.services import holds, notices

# What an alert names at most; of more, the rule's numbers tell.
MOST_NAMED = 300
# What is done to the watching itself is told at once, to so many officers.
AT_ONCE, TOLD = "R17", 2
# So many letters of a finding's key tell it from others; what goes on after a verdict gets a number behind.
KEY = 190
# From this score on a finding is an alert; below it is noted.
FULL = 1.0
ORDER = [str(one) for one in Response]
Place = tuple[str, str]
Found = tuple[Rule, Finding]


class AboutYourself(Refused):
    """Nobody decides about an alert on the own account."""


class ClosedAlready(Refused):
    """The alert has its verdict."""


class NotForAlerts(Refused):
    """The account does not look after alerts."""


class NoVerdict(Refused):
    """An alert is closed with one of the verdicts and an explanation."""


@transaction.atomic
def raise_found(*, found: Iterable[tuple[Rule, Finding]], responds_from: datetime) -> list[Alert]:
    """Raise what rules found; the same finding again adds its events to the alert that is open."""
    newest = {(rule.key, finding.key[:KEY]): (rule, finding) for rule, finding in found}
    if not newest:
        return []
    there = _standing(newest)
    again = {row.pk: newest[place] for place, row in there.items() if not row.verdict}
    for row in Alert.objects.room_left(again, MOST_NAMED):
        _extend(row, _alert(*again[row.pk]), responds_from)
    raised = [_alert(*first) for place, first in newest.items() if place not in there]
    raised += _going_on({place: row for place, row in there.items() if row.verdict}, newest)
    if raised:
        Alert.objects.bulk_create(raised)
        trail.record(
            "audit.alert.raised",
            subjects={one.actor_id for one in raised if one.actor_id},
            changed=raised,
            obj=raised[0] if len(raised) == 1 else None,
            fields={one.rule for one in raised},
            counts={"alerts": len(raised)},
        )
        _respond(raised, responds_from)
        _tell(raised, responds_from)
    return raised


def _standing(newest: Mapping[Place, Found]) -> dict[Place, Alert]:
    """Return the last alert of each finding that has one: after a verdict another one may follow."""
    found: dict[Place, Alert] = {}
    names = {place: place[1] for place in newest}
    while names:
        rows = Alert.objects.filter(
            rule__in={rule for rule, _ in names}, dedupe_key__in=set(names.values())
        ).defer("sealed")
        by_place = {(row.rule, row.dedupe_key): row for row in rows}
        there = {
            place: row
            for place, name in names.items()
            if (row := by_place.get((place[0], name))) is not None
        }
        found |= there
        names = {place: _after(row.dedupe_key) for place, row in there.items() if row.verdict}
    return found


def _after(key: str) -> str:
    base, _, number = key.rpartition("#")
    return f"{base}#{int(number) + 1}" if base else f"{key}#2"


def _going_on(closed: Mapping[Place, Alert], newest: Mapping[Place, Found]) -> list[Alert]:
    """Return alerts on what went on after the verdict: it explains what was, not what comes."""
    fresh = {
        place: set(newest[place][1].events) - set(row.events)
        for place, row in closed.items()
        if row.closed_at is not None and newest[place][1].at > row.closed_at
    }
    wanted = {one for events in fresh.values() for one in events}
    times = dict(Event.objects.filter(pk__in=wanted).values_list("pk", "recorded_at"))
    found = []
    for place, events in fresh.items():
        row, (rule, finding) = closed[place], newest[place]
        late = [one for one in finding.events if one in events and _is_after(row, times.get(one))]
        # As much as the rule asks for of the first one.
        if late and len(late) >= rule.threshold:
            found.append(_alert(rule, replace(finding, events=late), _after(row.dedupe_key)))
    return found


def _is_after(row: Alert, at: datetime | None) -> bool:
    return at is not None and row.closed_at is not None and at > row.closed_at


def _alert(rule: Rule, finding: Finding, key: str = "") -> Alert:
    score = rule.weight * (finding.count if rule.weight < FULL else 1)
    response = finding.response or rule.response
    return Alert(
        rule=rule.key,
        response=str(response if score >= FULL else Response.NOTE),
        actor_id=finding.actor_id,
        subjects=list(finding.subjects)[:MOST_NAMED],
        events=list(finding.events)[:MOST_NAMED],
        score=score,
        dedupe_key=key or finding.key[:KEY],
        occurred_at=finding.at,
    )


def _extend(row: Alert, fresh: Alert, responds_from: datetime) -> None:
    events = list(dict.fromkeys([*row.events, *fresh.events]))[:MOST_NAMED]
    sterner = max(row.response, fresh.response, key=ORDER.index)
    is_sterner = sterner != row.response
    if len(events) == len(row.events) and not is_sterner:
        return
    row.events, row.response, row.score = events, sterner, max(row.score, fresh.score)
    row.subjects = list(dict.fromkeys([*row.subjects, *fresh.subjects]))[:MOST_NAMED]
    row.occurred_at = max(row.occurred_at, fresh.occurred_at)
    row.advance()
    row.save()
    trail.record(
        "audit.alert.extended", changed=[row], obj=row, fields=[row.rule],
        subjects=[row.actor_id] if row.actor_id else [], counts={"events": len(events)},
    )  # fmt: skip
    if is_sterner:
        _respond([row], responds_from)


def _respond(raised: Sequence[Alert], responds_from: datetime) -> None:
    """Let follow what the rules ask for, of each account the sternest."""
    answers = {
        Response.STEP_UP: holds.ask_for_factor,
        Response.THROTTLE: holds.slow_down,
        Response.SUSPEND: holds.suspend,
    }
    sternest: dict[UUID, Response] = {}
    for row in raised:
        response = Response(row.response)
        if row.actor_id and row.occurred_at >= responds_from and response in answers:
            before = sternest.get(row.actor_id, response)
            sternest[row.actor_id] = max(before, response, key=lambda one: ORDER.index(one))
    for user in User.objects.filter(pk__in=sternest).only("handle", "kind"):
        answers[sternest[user.pk]](user=user)


def _tell(raised: Sequence[Alert], responds_from: datetime) -> None:
    """Tell two officers at once of what was done to the watching itself, never the one who did it."""
    doers = {
        row.actor_id
        for row in raised
        if row.actor_id and row.rule == AT_ONCE and row.occurred_at >= responds_from
    }
    if doers:
        officers = staff.who_hold(Permission.INCIDENTS_MANAGE).exclude(pk__in=doers)
        for officer in officers.order_by("created_at", "pk")[:TOLD]:
            notices.alert_waits(user=officer)


@transaction.atomic
def assign(*, alert_id: UUID, to: User, by: User) -> Alert:
    """Give an alert to an officer who looks after it; never to the person it is about."""
    row = _open(alert_id, by)
    if _takes_part(row, to):
        raise AboutYourself(_("Nobody looks after an alert on the own account."))
    _refuse_family(row, to)
    if reach_of_user(to, Permission.INCIDENTS_MANAGE) is Reach.NONE:
        raise NotForAlerts(_("The role of this colleague does not include alerts."))
    row.assigned_to = to
    row.advance()
    row.save()
    trail.record("audit.alert.assigned", by=by, subjects=[to.pk], changed=[row], obj=row)
    return row


@transaction.atomic
def close(*, alert_id: UUID, verdict: str, explanation: str, by: User) -> Alert:
    """Close an alert with a verdict and what explains it."""
    row = _open(alert_id, by)
    if verdict not in Alert.Verdict.values or not explanation.strip():
        raise NoVerdict(_("Choose a verdict and say what explains it."))
    row.verdict, row.explanation = verdict, explanation.strip()
    row.closed_at, row.closed_by = timezone.now(), by
    row.advance()
    row.save()
    about = [row.actor_id] if row.actor_id else []
    trail.record(
        "audit.alert.closed", by=by, subjects=about, changed=[row], obj=row, fields=[verdict]
    )
    return row


def _open(alert_id: UUID, by: User) -> Alert:
    row: Alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    if _takes_part(row, by):
        raise AboutYourself(
            _("This alert is about your own account. A colleague decides about it.")
        )
    _refuse_family(row, by)
    if row.verdict:
        raise ClosedAlready(_("This alert was closed already."))
    return row


def _takes_part(row: Alert, user: User) -> bool:
    return row.actor_id == user.pk or (row.actor_id is None and user.pk in row.crowd())


def _refuse_family(row: Alert, user: User) -> None:
    if row.subjects and persons.register().kept_from([user.pk], row.subjects):
        raise AboutYourself(
            _("This is the own record or that of close family; a colleague looks at it.")
        )
