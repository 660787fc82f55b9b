"""The rules that security knows: browsers, accounts that slept, people who leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.models import User
from security.monitoring import Access, Batch, Finding, Response, Rule, Seen, rule

LAST_DAY_SET = "security.user.last_day_set"
RESTRICTED = "restricted"
WEEK, COMPARED = timedelta(days=7), timedelta(days=56)
# Fewer charts a week than these are no volume, whatever somebody's mean is.
FEWEST = 10


@rule(
    "R15",
    words=_("New browser"),
    why=_("A sensitive record was opened within an hour of the first sign-in with a new browser."),
    threshold=1,
    window=timedelta(hours=1),
    weight=1.0,
    response=Response.STEP_UP,
)
def new_browser(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find unexplained or specially protected charts opened with a browser that is new to the person."""
    by_event = {one.id: one for one in batch.events}
    doubtful = {one.event_id: one for one in batch.unexplained}
    opened: list[tuple[Access, Seen]] = [
        (one, by_event[one.event_id])
        for one in batch.accesses
        if one.event_id in by_event
        and (one.event_id in doubtful or is_sensitive(by_event[one.event_id]))
    ]
    firsts = batch.first_of_devices([(one.actor_id, event.device_ref) for one, event in opened])
    for one, event in opened:
        first = firsts.get((one.actor_id, event.device_ref))
        if first is not None and one.at - first <= rule.window:
            key = f"{one.actor_id}:{event.device_ref}"
            yield Finding(one.actor_id, one.at, [one.event_id], [one.subject_id], key)


def is_sensitive(event: Seen) -> bool:
    """Tell whether an event names specially protected fields or emergency access."""
    return event.basis == "break_glass" or any(RESTRICTED in name for name in event.fields)


@rule(
    "R18",
    words=_("Sleeping account"),
    why=_("An account that nobody used for weeks opens records."),
    threshold=45,
    window=timedelta(days=1),
    weight=1.0,
    response=Response.STEP_UP,
)
def sleeping_account(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find accounts that open charts after so many days without any event."""
    firsts: dict[UUID, Access] = {}
    for one in batch.accesses:
        firsts.setdefault(one.actor_id, one)
    slept = timedelta(days=rule.threshold)
    for actor, last in batch.last_before(firsts, rule.window).items():
        one = firsts[actor]
        if one.at - last > slept:
            key = f"{actor}:{one.at:%Y-%m-%d}"
            yield Finding(actor, one.at, [one.event_id], [one.subject_id], key)


@rule(
    "R19",
    words=_("Much before leaving"),
    why=_("Somebody whose last day is set opens many more records than before."),
    threshold=1.5,
    window=WEEK,
    weight=1.0,
    response=Response.ALERT,
)
def leaver(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find leavers who open more than so many times their own weekly mean."""
    people = {one.actor_id for one in batch.accesses}
    leaving = User.objects.filter(pk__in=people, ends_on__isnull=False)
    last_days = {
        pk: timezone.make_aware(datetime.combine(day, time.max))
        for pk, day in leaving.values_list("pk", "ends_on")
    }
    noticed = batch.told_about(set(last_days), LAST_DAY_SET)
    for actor, accesses in batch.history(set(noticed), COMPARED + rule.window).items():
        end, told_at = accesses[-1].at, noticed[actor]
        week = [one for one in accesses if one.at > max(end - rule.window, told_at)]
        before = [one for one in accesses if end - COMPARED - rule.window < one.at <= end - WEEK]
        weekly = len({one.request_id for one in before}) / (COMPARED / WEEK)
        count = len({one.subject_id for one in week})
        if end <= last_days[actor] and count >= FEWEST and count > rule.threshold * weekly > 0:
            events, subjects = [one.event_id for one in week], [one.subject_id for one in week]
            key = f"{actor}:{end:%Y-%W}"
            yield Finding(actor, end, events, list(dict.fromkeys(subjects)), key, count)
