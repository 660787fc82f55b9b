"""The numbers of an audit report, counted in the database in one pass over the period; nothing is opened.

An access is one recorded reading: a page, a file or a task in which sealed data of a patient were opened.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from audit.models import Alert, Event, Review
from audit.periods import Period
from security.access.gate import Gate
from security.access.registry import Basis
from security.classification import SubjectKind
from security.sealing.register import sealed_models

# Grounds that no rule names; the first is what is asked about.
UNEXPLAINED, LISTED, BACKGROUND = "unexplained", "listed", "background"
RULE = "rule:"
BREAK_GLASS = "patients.glass.opened"

# Which line of the answer a row belongs to: what GROUPING() says of (day, action, is_access).
PER_DAY, PER_ACTION, PER_ACCESS = 0b011, 0b101, 0b110

STATEMENT = """
SELECT GROUPING(day, action, is_access), day, action, outcome, rule, actor_kind, roles, purpose, basis,
       route, is_access, count(*), coalesce(sum(taken), 0), count(*) FILTER (WHERE is_second)
FROM (
    SELECT (e.recorded_at AT TIME ZONE %(zone)s)::date AS day, e.action, e.outcome, a.is_access,
        CASE WHEN e.action = 'security.access.refused' THEN coalesce(
            (SELECT f FROM unnest(e.fields) AS f WHERE starts_with(f, %(rule)s) LIMIT 1), %(rule)s
        ) END AS rule,
        CASE WHEN a.is_access THEN e.actor_kind END AS actor_kind,
        CASE WHEN a.is_access THEN array_to_string(e.roles, '+') END AS roles,
        CASE WHEN a.is_access THEN e.purpose END AS purpose,
        CASE WHEN a.is_access THEN e.basis END AS basis,
        CASE WHEN a.is_access AND e.basis = '' THEN e.route END AS route,
        CASE WHEN e.action = 'security.export.prepared' THEN (e.counts ->> 'rows')::bigint END AS taken,
        CASE WHEN e.action = 'security.export.prepared' THEN EXISTS (
            SELECT FROM audit_event s WHERE s.object_label = e.object_label AND s.object_id = e.object_id
              AND s.action = 'security.export.approved' AND s.actor_id <> e.actor_id
        ) END AS is_second
    FROM audit_event e, LATERAL (
        SELECT e.action = 'security.record.read' AND e.outcome = 'success'
               AND array_to_string(e.fields, ' ') ~ %(patients)s AS is_access
    ) AS a
    WHERE e.recorded_at >= %(since)s AND e.recorded_at < %(until)s
) AS counted
GROUP BY GROUPING SETS (
    (day, outcome), (action, outcome, rule), (is_access, actor_kind, roles, purpose, basis, route)
)
"""


class Line(NamedTuple):
    """One line of the answer; what its grouping does not name is None."""

    grouping: int
    day: Any
    action: str
    outcome: str
    rule: str | None
    actor_kind: str | None
    roles: str | None
    purpose: str | None
    basis: str | None
    route: str | None
    is_access: bool | None
    count: int
    taken: int
    second: int


def of(period: Period) -> dict[str, Any]:
    """Return the numbers of a period: only whole numbers by the keys that the trail itself uses."""
    lines = list(_lines(period))
    return {
        "days": _days(period, lines),
        "actions": _actions(lines),
        "refusals": _refusals(lines),
        "exports": _exports(lines),
        **_accesses(lines),
        "alerts": _alerts(period),
        "alerts_closed": Alert.objects.filter(**_within(period, "closed_at")).count(),
        "reviews": _reviews(period),
    }


def trail_since() -> Any:
    """Return when the trail begins, None for an empty one."""
    return Event.objects.aggregate(since=Min("recorded_at"))["since"]


def _lines(period: Period) -> Iterator[Line]:
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "zone": period.zone,
                "since": period.starts_at,
                "until": period.ends_at,
                "rule": RULE,
                "patients": patient_fields(),
            },
        )
        yield from map(Line._make, cursor)


def patient_fields() -> str:
    """Return a pattern of the names of fields that are sealed under a patient's key."""
    labels = [one.seal_label for one in sealed_models() if one.subject_kind is SubjectKind.PATIENT]
    return f"(^| )({'|'.join(re.escape(label) for label in labels)})\\."


def _days(period: Period, lines: list[Line]) -> list[list[Any]]:
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    for line in lines:
        if line.grouping == PER_DAY:
            found[line.day][line.outcome] = line.count
    outcomes = Event.Outcome.values
    return [
        [day.isoformat(), *(found[day].get(outcome, 0) for outcome in outcomes)]
        for day in period.days
    ]


def _actions(lines: list[Line]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        if line.grouping == PER_ACTION:
            outcomes = found.setdefault(line.action, {})
            outcomes[line.outcome] = outcomes.get(line.outcome, 0) + line.count
    return dict(sorted(found.items()))


def _refusals(lines: list[Line]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        if line.grouping == PER_ACTION and line.rule is not None:
            key = line.rule.removeprefix(RULE)
            found[key] = found.get(key, 0) + line.count
    return dict(sorted(found.items()))


def _exports(lines: list[Line]) -> dict[str, int]:
    made = [
        one
        for one in lines
        if one.grouping == PER_ACTION and one.action == "security.export.prepared"
    ]
    return {
        "made": sum(one.count for one in made),
        "rows": sum(int(one.taken) for one in made),
        "second": sum(one.second for one in made),
    }


def _accesses(lines: list[Line]) -> dict[str, Any]:
    listing = list_pages()
    roles: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    purposes: dict[str, int] = defaultdict(int)
    kinds: dict[str, int] = defaultdict(int)
    pages: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.grouping != PER_ACCESS or not line.is_access:
            continue
        kind, ground = line.actor_kind or "", ground_of(line, listing)
        kinds[kind] += line.count
        purposes[line.purpose or ""] += line.count
        roles[line.roles or kind][ground] += line.count
        if ground == UNEXPLAINED:
            pages[line.route or ""] += line.count
    return {
        "by_kind": dict(sorted(kinds.items())),
        "by_purpose": dict(sorted(purposes.items())),
        "by_role": {key: dict(sorted(grounds.items())) for key, grounds in sorted(roles.items())},
        "unexplained_by_page": dict(sorted(pages.items())),
    }


def ground_of(line: Line, listing: frozenset[str]) -> str:
    """Return on what ground an access stood; what nothing explains is a colleague's alone."""
    if line.basis:
        return line.basis
    if line.actor_kind != Event.ActorKind.STAFF:
        return str(Basis.SELF if line.actor_kind == Event.ActorKind.PATIENT else Basis.SYSTEM)
    if not line.route:
        return BACKGROUND
    return LISTED if line.route in listing else UNEXPLAINED


def list_pages() -> frozenset[str]:
    """Return the pages that decide about nobody in particular: they show whom the role reaches."""
    return frozenset(name for name, gate in _gates() if gate.kind == "requires" and not gate.of)


def _gates(patterns: Any = None, namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, Gate]]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            inner = (*namespaces, one.namespace) if one.namespace else namespaces
            yield from _gates(one.url_patterns, inner)
        elif isinstance(one, URLPattern):
            gate = getattr(one.callback, "gate", None)
            if isinstance(gate, Gate):
                yield ":".join((*namespaces, one.name or "")), gate


def _within(period: Period, name: str) -> dict[str, Any]:
    return {f"{name}__gte": period.starts_at, f"{name}__lt": period.ends_at}


def _alerts(period: Period) -> dict[str, dict[str, int]]:
    """Return the alerts raised in a period, by rule and by what became of them."""
    rows = Alert.objects.filter(**_within(period, "raised_at")).order_by()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for rule, verdict, count in rows.values_list("rule", "verdict").annotate(count=Count("pk")):
        found[rule][verdict or "open"] = count
    return {rule: dict(sorted(verdicts.items())) for rule, verdicts in sorted(found.items())}


def _reviews(period: Period) -> dict[str, int]:
    """Return the reviews of the emergency accesses of a period, as they stand now."""
    rows: QuerySet[Review] = Review.objects.filter(**_within(period, "occurred_at"))
    is_decided, is_late = ~Q(verdict=""), Q(decided_at__gt=F("due_at"))
    verdicts = {
        f"verdict_{verdict}": Count("pk", filter=Q(verdict=verdict))
        for verdict in Review.Verdict.values
    }
    counted = rows.aggregate(
        all=Count("pk"),
        in_time=Count("pk", filter=is_decided & ~is_late),
        late=Count("pk", filter=is_decided & is_late),
        open=Count("pk", filter=Q(verdict="", due_at__gt=timezone.now())),
        overdue=Count("pk", filter=Q(verdict="", due_at__lte=timezone.now())),
        told=Count("pk", filter=Q(patient_told_at__isnull=False)),
        **verdicts,
    )
    return {key: int(number) for key, number in counted.items()}
