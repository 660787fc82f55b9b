"""Rules about how many records somebody opens, how fast, and how many open one record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.monitoring import Access, Batch, Finding, Response, Rule, rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Distinct charts in a day, whatever is usual.
CHARTS_A_DAY = 200
DWELL = timedelta(seconds=5)
SKIMMED = 15
SEARCHED = "patients.search.made"


def day_of(access: Access) -> date:
    """Return the clinic's day of an access."""
    return timezone.localtime(access.at, timezone.get_default_timezone()).date()


@rule(
    "R1",
    words=_("No explanation"),
    why=_(
        "Records were opened without a team, visit, referral, bill or emergency that explains it."
    ),
    threshold=1,
    window=DAY,
    weight=1.0,
    response=Response.NOTE,
    is_doubled=False,
)
def no_explanation(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Note once a day what nobody's work explains; restricted charts are a rule of their own."""
    people = {one.actor_id for one in batch.unexplained}
    for actor, accesses in batch.history(people, rule.window, unexplained=True).items():
        days: dict[date, list[Access]] = {}
        for one in accesses:
            days.setdefault(day_of(one), []).append(one)
        for day, of_day in days.items():
            if of_day[-1].at >= batch.events[0].at and len(charts(of_day)) >= rule.threshold:
                yield found(actor, of_day, f"{actor}:{day}")


def charts(accesses: Iterable[Access]) -> list[UUID]:
    """Return the distinct charts of accesses."""
    return list(dict.fromkeys(one.subject_id for one in accesses))


def found(
    actor: UUID | None, accesses: Sequence[Access], key: str, *, response: Response | None = None
) -> Finding:
    """Return a finding about accesses."""
    return Finding(
        actor,
        accesses[-1].at,
        [one.event_id for one in accesses],
        charts(accesses),
        key,
        len(charts(accesses)),
        response,
    )


@rule(
    "R9",
    words=_("Many records"),
    why=_("More records were opened in an hour or a day than is usual for the role."),
    threshold=50,
    window=HOUR,
    weight=1.0,
    response=Response.ALERT,
)
def volume(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find who opens more than the number of an hour and the usual one of the role, or 200 in a day."""
    people = {one.actor_id for one in batch.accesses}
    for actor, accesses in batch.history(people, DAY).items():
        hourly, usual = _fullest(accesses, rule.window, batch), 0.0
        if len(hourly) > rule.threshold:
            usual = batch.usual(timedelta(days=28), hourly[-1].role, per="hour")
        limit = max(rule.threshold, usual)
        daily = _fullest(accesses, DAY, batch)
        is_much = len(hourly) > 2 * limit or len(daily) > 2 * CHARTS_A_DAY
        many = hourly if len(hourly) > limit else daily if len(daily) > CHARTS_A_DAY else None
        if many:
            key = f"{actor}:{day_of(many[-1])}"
            yield found(actor, many, key, response=_throttled(is_much, rule))


def _throttled(much: bool, rule: Rule) -> Response:
    return Response.THROTTLE if much else rule.response


def _fullest(accesses: Sequence[Access], window: timedelta, batch: Batch) -> list[Access]:
    """Return the first access to each chart in the window with the most charts that ends in the batch."""
    best: list[Access] = []
    open_now: deque[Access] = deque()
    counts: dict[UUID, int] = {}
    since = batch.events[0].at
    for one in accesses:
        open_now.append(one)
        counts[one.subject_id] = counts.get(one.subject_id, 0) + 1
        while open_now[0].at <= one.at - window:
            gone = open_now.popleft().subject_id
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
        if one.at >= since and len(counts) > len(best):
            best = list({each.subject_id: each for each in reversed(open_now)}.values())[::-1]
    return best


@rule(
    "R10",
    words=_("Slow drip"),
    why=_("Many records without explanation were opened little by little within 90 days."),
    threshold=10,
    window=timedelta(days=90),
    weight=1.0,
    response=Response.ALERT,
)
def slow_drip(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find who gathers unexplained charts, more than colleagues of the role do by chance."""
    people = {one.actor_id for one in batch.unexplained}
    for actor, accesses in batch.history(people, rule.window, unexplained=True).items():
        last = accesses[-1]
        within = [one for one in accesses if one.at > last.at - rule.window]
        count = len(charts(within))
        if count >= rule.threshold and count > batch.usual(rule.window, last.role, per="person"):
            quarter = (day_of(last).month + 2) // 3
            yield found(actor, within, f"{actor}:{day_of(last).year}-{quarter}")


@rule(
    "R11",
    words=_("Search and skim"),
    why=_("Many names were searched for in a short time, or records opened for seconds each."),
    threshold=20,
    window=timedelta(minutes=10),
    weight=1.0,
    response=Response.ALERT,
)
def search_and_skim(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find bursts of searches by name, and charts that were looked at for less than five seconds each."""
    searchers = {one.actor_id for one in batch.events if one.action == SEARCHED and one.actor_id}
    for actor, deeds in batch.deeds(searchers, [SEARCHED], rule.window).items():
        named = [one for one in deeds if "name" in one.fields]
        for first, last in zip(named, named[int(rule.threshold) - 1 :], strict=False):
            if last.at >= batch.events[0].at and last.at - first.at <= rule.window:
                events = [one.id for one in named if first.at <= one.at <= last.at]
                key = f"{actor}:search:{last.at:%Y-%m-%d}"
                yield Finding(actor, last.at, events, (), key, len(events))
                break
    people = {one.actor_id for one in batch.accesses}
    for actor, accesses in batch.history(people, rule.window).items():
        run = _longest_skim(accesses, batch)
        if len(charts(run)) >= SKIMMED:
            yield found(actor, run, f"{actor}:skim:{day_of(run[-1])}")


def _longest_skim(accesses: Sequence[Access], batch: Batch) -> list[Access]:
    best: list[Access] = []
    run: list[Access] = []
    for one in accesses:
        if run and one.at - run[-1].at >= DWELL:
            run = []
        run.append(one)
        if one.at >= batch.events[0].at and len(run) > len(best):
            best = list(run)
    return best


@rule(
    "R20",
    words=_("Everybody looks at one record"),
    why=_(
        "More colleagues without a part in the care opened one record within a day than chance explains."
    ),
    threshold=8,
    window=DAY,
    weight=1.0,
    response=Response.ALERT,
)
def celebrity(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find a chart that more than eight colleagues without a relationship opened in a day."""
    subjects = {one.subject_id for one in batch.unexplained}
    for subject, accesses in batch.of_subjects(subjects, 2 * rule.window).items():
        crowd: list[Access] = []
        for one in accesses:
            within = [each for each in accesses if one.at - rule.window < each.at <= one.at]
            if len({each.actor_id for each in within}) > rule.threshold:
                crowd += [each for each in within if each not in crowd]
        if crowd and crowd[-1].at >= batch.events[0].at:
            yield found(None, crowd, f"{subject}:{crowd[0].at:%Y-%m-%d}")
