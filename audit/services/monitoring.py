"""Monitoring: takes up what the trail recorded, explains accesses, asks every rule, raises what they find.

A rule that fails is recorded and keeps no other from being asked; a replay over the last days, each night,
asks it again. Nothing is lost when it stops: the cursor moves in the transaction that raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.models import Event, RuleSetting, WatchCursor, Watched
from audit.queries import watching
from audit.queries.watch_rules import NEVER_OFF
from audit.queries.watching import Batch
from audit.services import alerts, explaining
from security import context, trail
from security.monitoring import Finding, Rule, Seen, further, rules

log = logging.getLogger(__name__)

# Clocks of web hosts and of the database may differ by so much, and an event takes so long from its time
# to its row.
MARGIN = timedelta(minutes=5)
MOST_EVENTS = 5000
# What is older is history: it is told, and nobody's session answers for it.
RESPONDS_TO = timedelta(hours=1)
# Monitoring runs three times a minute; when it could not for so long, officers are told.
STANDS_STILL = timedelta(minutes=3)


def run() -> int:
    """Look at what came since the last run, and return how many events that were.

    Events that commit late are found: the cursor stays before them until their transaction is over.
    """
    count = 0
    while done := _run_once():
        count += done
        context.current().forget_keys()
        if done < MOST_EVENTS:
            break
    return count


def trouble() -> str:
    """Return in a word what keeps monitoring from its work: runs that fail leave their place where it was."""
    cursor = WatchCursor.objects.only("ran_at").first()
    stands_still = cursor is not None and timezone.now() - cursor.ran_at > STANDS_STILL
    return "monitoring" if stands_still else ""


@transaction.atomic
def _run_once() -> int:
    cursor = _cursor()
    if cursor is None:
        return 0
    now = timezone.now()
    oldest, newest = _running()
    _refuse_the_future(cursor, now)
    events = _fresh(cursor.since)
    if events:
        Watched.objects.bulk_create(
            [Watched(event_id=one.id, recorded_at=one.at) for one in events], ignore_conflicts=True
        )
        evaluate(events)
    if len(events) < MOST_EVENTS and oldest >= cursor.next_xid:
        # Whatever was open at `next_since` is over: all that is recorded before it was seen just now.
        cursor.since = max(cursor.since, cursor.next_since - MARGIN)
        cursor.next_since, cursor.next_xid = now, newest
        Watched.objects.filter(recorded_at__lt=cursor.since).delete()
    cursor.ran_at = now
    cursor.save()
    return len(events)


def _refuse_the_future(cursor: WatchCursor, now: datetime) -> None:
    """Begin again an hour back where somebody set the cursor to a time that has not come, and tell of it."""
    if cursor.since <= now:
        return
    cursor.since, cursor.next_since = now - RESPONDS_TO, now
    where = f"{cursor._meta.label_lower}:since"
    trail.record("audit.records.found_tampered", outcome="failed", fields=[where])


def _fresh(since: datetime) -> list[Seen]:
    looked_at = Watched.objects.filter(event_id=OuterRef("pk"))
    rows = Event.objects.filter(~Exists(looked_at), recorded_at__gte=since)
    ids = list(rows.order_by("recorded_at", "pk").values_list("pk", flat=True)[:MOST_EVENTS])
    return watching.seen(Event.objects.filter(pk__in=ids)) if ids else []


def _cursor() -> WatchCursor | None:
    """Return the cursor, locked; None where another process runs. At first monitoring begins an hour back."""
    now = timezone.now()
    first = WatchCursor(since=now - RESPONDS_TO, next_since=now, next_xid=_running()[1])
    WatchCursor.objects.bulk_create([first], ignore_conflicts=True)
    return WatchCursor.objects.select_for_update(skip_locked=True).first()


def _running() -> tuple[int, int]:
    """Return the oldest transaction that still runs, and the number of the next one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint"
            " FROM pg_current_snapshot() AS s"
        )
        oldest, newest = cursor.fetchone()
    return oldest, newest


def replay(
    *, since: datetime, until: datetime, progress: Callable[[timedelta], object] | None = None
) -> int:
    """Ask the rules about a stretch of history, day by day; what they found before is not raised again."""
    count, start = 0, since
    while start < until:
        end = min(start + timedelta(days=1), until)
        with transaction.atomic():
            rows = Event.objects.filter(recorded_at__gte=start, recorded_at__lt=end)
            events = watching.seen(rows)
            if events:
                evaluate(events)
        context.current().forget_keys()
        count += len(events)
        if progress is not None:
            progress(end - start)
        start = end
    return count


def evaluate(events: Sequence[Seen]) -> None:
    """Explain the accesses among some events, keep them, ask every rule, raise what was found."""
    accesses = explaining.explained(watching.candidates(events))
    explaining.keep(accesses)
    batch = Batch(events, accesses)
    found = [pair for rule in active() for pair in _ask(rule, batch)]
    alerts.raise_found(found=found, responds_from=timezone.now() - RESPONDS_TO)


def active() -> list[Rule]:
    """Return the rules that are on, as they are set now, by their number."""
    settings = {row.key: row for row in RuleSetting.objects.all() if row.key not in NEVER_OFF}
    return [
        rule.with_threshold(settings[rule.key].threshold if rule.key in settings else None)
        for rule in sorted(rules.values(), key=lambda one: one.order)
        if rule.key not in settings or settings[rule.key].is_on
    ]


def _ask(rule: Rule, batch: Batch) -> Iterable[tuple[Rule, Finding]]:
    found: list[tuple[Rule, Finding]] = []
    for find in (rule.find, *further.get(rule.key, ())):
        try:
            with transaction.atomic():
                found += [(_weighed(rule, one, batch), one) for one in find(batch, rule)]
        except Exception as error:
            # A rule of any app may fail in any way; the others must be asked all the same.
            log.exception("a rule of monitoring failed")
            names = [rule.key, type(error).__name__]
            trail.record("audit.rule.failed", outcome="failed", fields=names)
    return found


def _weighed(rule: Rule, finding: Finding, batch: Batch) -> Rule:
    """Return the rule, of twice its weight for what nothing explains at night."""
    events = set(finding.events) if rule.is_doubled else ()
    at_night = any(one.event_id in events and batch.is_off_hours(one) for one in batch.unexplained)
    return rule.doubled() if at_night else rule
