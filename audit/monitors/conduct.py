"""Rules about deeds: hours, refusals, exports, emergencies, and what is done to the watching itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.monitors.volume import day_of, found
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.purposes import Purpose
from security.access.roles import ROLES
from security.monitoring import Access, Batch, Finding, Response, Rule, Seen, rule

DAY = timedelta(days=1)
REFUSED = ("security.access.refused", "security.access.hidden")
EXPORTED = "security.export.prepared"
GLASS = "patients.glass.opened"
# Purposes of the clinic's own work with its patients; any other one goes outside.
INSIDE = {Purpose.TREAT, Purpose.ETREAT, Purpose.HPAYMT, Purpose.HOPERAT, Purpose.PATADMIN}
MOST_ROWS = 100
# What is done to the watching: its rules, its memory, and the settings that the journal keeps.
TO_THE_WATCH = (
    "audit.companion.remembered",
    "audit.report_schedule.changed",
    "audit.rule.changed",
    "audit.rule.switched_off",
    "audit.setting.deleted",
    "audit.trail.own_read",
)
# Such a deed counts only where it is about the person who does it.
OWN_TRAIL = ("audit.pseudonym.resolved",)
CLINICAL = (str(Permission.CLINICAL_READ), str(Permission.RESTRICTED_READ))


def of(batch: Batch, actions: Collection[str]) -> list[Seen]:
    """Return the events of a batch with some actions, by somebody."""
    return [one for one in batch.events if one.action in actions and one.actor_id]


def people(events: Iterable[Seen]) -> set[UUID]:
    """Return who did what some events tell."""
    return {one.actor_id for one in events if one.actor_id}


def told(actor: UUID | None, events: Sequence[Seen], key: str) -> Finding:
    """Return a finding about deeds."""
    subjects = list(dict.fromkeys(subject for one in events for subject in one.subjects))
    return Finding(actor, events[-1].at, [one.id for one in events], subjects, key, len(events))


def runs(
    deeds: Sequence[Seen], size: int, window: timedelta, batch: Batch
) -> Iterator[Sequence[Seen]]:
    """Yield the first group of so many deeds within a window that ends in the batch, one a day."""
    days = set()
    for place in range(size - 1, len(deeds)):
        group = deeds[place - size + 1 : place + 1]
        day = group[-1].at.date()
        is_new = group[-1].at >= batch.events[0].at and day not in days
        if is_new and group[-1].at - group[0].at <= window:
            days.add(day)
            yield group


def _frequent(
    batch: Batch, rule: Rule, actions: Collection[str], keep: Callable[[Seen], bool] | None = None
) -> Iterator[Finding]:
    """Find who did something at least so often within the window."""
    who = people(of(batch, actions))
    for actor, deeds in batch.deeds(who, actions, rule.window).items():
        kept = [one for one in deeds if keep is None or keep(one)]
        for group in runs(kept, int(rule.threshold), rule.window, batch):
            yield told(actor, group, f"{actor}:{group[-1].at:%Y-%m-%d}")


@rule(
    "R8",
    words=_("Off hours"),
    why=_("Records without explanation were opened at night by somebody who does not work then."),
    threshold=1,
    window=DAY,
    weight=0.3,
    response=Response.ALERT,
    is_doubled=False,
)
def off_hours(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find unexplained accesses at night, outside the usual hours of the person."""
    nights: dict[str, list[Access]] = {}
    for one in batch.unexplained:
        if batch.is_off_hours(one):
            nights.setdefault(f"{one.actor_id}:{day_of(one)}", []).append(one)
    for key, accesses in nights.items():
        if len(accesses) >= rule.threshold:
            yield found(accesses[0].actor_id, accesses, key)


@rule(
    "R13",
    words=_("Not for this role"),
    why=_("Pages outside the role or out of reach were asked for again and again."),
    threshold=3,
    window=timedelta(minutes=10),
    weight=1.0,
    response=Response.ALERT,
)
def role_mismatch(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find repeated refusals, and clinical pages asked for by roles without anything clinical."""
    yield from _frequent(batch, rule, REFUSED)
    for one in of(batch, REFUSED):
        if one.subjects and set(one.fields) & set(CLINICAL) and not _is_clinical(one.roles):
            yield told(one.actor_id, [one], f"{one.actor_id}:role:{one.at:%Y-%m-%d}")


def _is_clinical(roles: Iterable[str]) -> bool:
    held = [ROLES[key] for key in roles if key in ROLES]
    return any(
        role.grants.get(Permission.CLINICAL_READ, Reach.NONE) is not Reach.NONE for role in held
    )


@rule(
    "R14",
    words=_("Export"),
    why=_("An export is large, leaves for a purpose outside, or follows another one within a day."),
    threshold=MOST_ROWS,
    window=DAY,
    weight=1.0,
    response=Response.ALERT,
    is_doubled=False,
)
def export(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find exports of many rows, for an outside purpose, or the second within a day."""
    exports = of(batch, [EXPORTED])
    for actor, deeds in batch.deeds(people(exports), [EXPORTED], rule.window).items():
        for place, one in enumerate(deeds):
            recent = [each for each in deeds[:place] if one.at - each.at <= rule.window]
            is_much = one.counts.get("rows", 0) > rule.threshold or one.purpose not in INSIDE
            if one.at >= batch.events[0].at and (is_much or recent):
                yield told(actor, [*recent, one], f"{actor}:{one.id}")


@rule(
    "R16",
    words=_("Repeated emergencies"),
    why=_("Emergency access was used often within a week, or with the same reason again."),
    threshold=3,
    window=timedelta(days=7),
    weight=1.0,
    response=Response.ALERT,
    is_doubled=False,
)
def emergencies(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find who broke the glass three times within a week."""
    yield from _frequent(batch, rule, [GLASS])


@rule(
    "R17",
    words=_("Watching the watch"),
    why=_(
        "A rule or the journal was changed, or somebody looked at what the trail says of the own account."
    ),
    threshold=1,
    window=DAY,
    weight=2.0,
    response=Response.ALERT,
    is_doubled=False,
)
def own_audit(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find changes of the rules, and searches of the trail for the own account."""
    for one in of(batch, [*TO_THE_WATCH, *OWN_TRAIL]):
        if one.action in TO_THE_WATCH or one.actor_id in (*one.subjects, one.object_id):
            yield told(one.actor_id, [one], f"{one.id}")
