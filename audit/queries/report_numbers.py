"""The numbers of an audit report, counted by the database in two passes over its time; nothing is opened.

An access is one recorded reading: a page, a file or a task in which sealed data of a patient were opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from audit.models import Access, Alert, Event, Review
from audit.periods import Period
from security.access.gate import Gate
from security.access.registry import Basis
from security.classification import SubjectKind
from security.sealing.register import sealed_models

# Grounds that no rule names. Whether something explains an access is not asked here but by monitoring.
UNNAMED, LISTED, BACKGROUND = "unnamed", "listed", "background"
RULE = "rule:"
BREAK_GLASS = "patients.glass.opened"

READ, REFUSED, PREPARED = (
    "security.record.read", "security.access.refused", "security.export.prepared",
)  # fmt: skip

PER_DAY = """
SELECT (recorded_at AT TIME ZONE %(zone)s)::date, outcome, count(*)
FROM audit_event WHERE recorded_at >= %(since)s AND recorded_at < %(until)s GROUP BY 1, 2
"""
# Few groups: of other deeds than readings and refusals nothing but action and outcome is asked for.
PER_DEED = """
SELECT action, outcome,
    CASE WHEN action = %(read)s THEN actor_kind END, CASE WHEN action = %(read)s THEN roles END,
    CASE WHEN action = %(read)s THEN purpose END, CASE WHEN action = %(read)s THEN basis END,
    CASE WHEN action = %(read)s AND basis = '' THEN route END,
    CASE WHEN action IN (%(read)s, %(refused)s) THEN fields END, count(*),
    coalesce(sum(CASE WHEN action = %(prepared)s THEN (counts ->> 'rows')::bigint END), 0),
    count(*) FILTER (WHERE action = %(prepared)s AND EXISTS (
        SELECT FROM audit_event s WHERE s.object_label = e.object_label AND s.object_id = e.object_id
          AND s.action = 'security.export.approved' AND s.actor_id <> e.actor_id
    ))
FROM audit_event e WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


class Line(NamedTuple):
    """So many events of one kind; only readings tell by whom, what for and on what ground."""

    action: str
    outcome: str
    actor_kind: str | None
    roles: list[str] | None
    purpose: str | None
    basis: str | None
    route: str | None
    fields: list[str] | None
    number: int
    taken: int
    second: int


def of(period: Period) -> dict[str, Any]:
    """Return the numbers of a period: only whole numbers by the keys that the trail itself uses."""
    lines = [Line(*row) for row in _asked(PER_DEED, period)]
    return {
        "days": _days(period),
        "actions": _actions(lines),
        "refusals": _refusals(lines),
        "exports": _exports(lines),
        **_accesses(lines),
        **_explanations(period),
        "alerts": _alerts(period),
        "alerts_closed": Alert.objects.filter(**_within(period, "closed_at")).count(),
        "reviews": _reviews(period),
    }


def trail_since() -> Any:
    """Return when the trail begins, None for an empty one."""
    return Event.objects.aggregate(since=Min("recorded_at"))["since"]


def _asked(statement: str, period: Period) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "zone": period.zone,
                "since": period.starts_at,
                "until": period.ends_at,
                "read": READ,
                "refused": REFUSED,
                "prepared": PREPARED,
            },
        )
        return list(cursor.fetchall())


def patient_labels() -> frozenset[str]:
    """Return the labels of what is sealed under a patient's key and nobody else's."""
    return frozenset(
        one.seal_label
        for one in sealed_models()
        if one.subject_kind is SubjectKind.PATIENT and "sealing_subject_kind" not in vars(one)
    )


def _days(period: Period) -> list[list[Any]]:
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    for day, outcome, count in _asked(PER_DAY, period):
        found[day][outcome] = count
    outcomes = Event.Outcome.values
    return [
        [day.isoformat(), *(found[day].get(outcome, 0) for outcome in outcomes)]
        for day in period.days
    ]


def _actions(lines: list[Line]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        outcomes = found.setdefault(line.action, {})
        outcomes[line.outcome] = outcomes.get(line.outcome, 0) + line.number
    return {action: dict(sorted(outcomes.items())) for action, outcomes in sorted(found.items())}


def _refusals(lines: list[Line]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.action == REFUSED:
            rules = (name for name in line.fields or () if name.startswith(RULE))
            found[next(rules, RULE).removeprefix(RULE)] += line.number
    return dict(sorted(found.items()))


def _exports(lines: list[Line]) -> dict[str, int]:
    made = [one for one in lines if one.action == PREPARED]
    return {
        "made": sum(one.number for one in made),
        "rows": sum(int(one.taken) for one in made),
        "second": sum(one.second for one in made),
    }


def _readings(lines: list[Line]) -> Iterator[Line]:
    """Yield the accesses: readings in which at least one field of a patient was opened."""
    labels = patient_labels()
    for line in lines:
        is_read = line.action == READ and line.outcome == Event.Outcome.SUCCESS
        if is_read and any(name.rpartition(".")[0] in labels for name in line.fields or ()):
            yield line


def _accesses(lines: list[Line]) -> dict[str, Any]:
    listing = list_pages()
    roles: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    purposes: dict[str, int] = defaultdict(int)
    kinds: dict[str, int] = defaultdict(int)
    pages: dict[str, int] = defaultdict(int)
    for line in _readings(lines):
        kind, ground = line.actor_kind or "", ground_of(line, listing)
        kinds[kind] += line.number
        purposes[line.purpose or ""] += line.number
        roles["+".join(line.roles or ()) or kind][ground] += line.number
        if ground == UNNAMED:
            pages[line.route or ""] += line.number
    return {
        "by_kind": dict(sorted(kinds.items())),
        "by_purpose": dict(sorted(purposes.items())),
        "by_role": {key: dict(sorted(grounds.items())) for key, grounds in sorted(roles.items())},
        "unnamed_by_page": dict(sorted(pages.items())),
    }


def _explanations(period: Period) -> dict[str, dict[str, int]]:
    """Return what explains that colleagues opened records, as monitoring sees it; "" is unexplained."""
    rows = Access.objects.filter(**_within(period, "occurred_at")).order_by()
    grounds: dict[str, int] = defaultdict(int)
    roles: dict[str, int] = defaultdict(int)
    for role, ground, count in rows.values_list("role", "ground").annotate(count=Count("pk")):
        grounds[ground] += count
        if not ground:
            roles[role] += count
    return {
        "explained": dict(sorted(grounds.items())),
        "unexplained_by_role": dict(sorted(roles.items())),
    }


def ground_of(line: Line, listing: frozenset[str]) -> str:
    """Return on what ground an access stood, as the gate named it at the time."""
    if line.basis:
        return line.basis
    if line.actor_kind != Event.ActorKind.STAFF:
        return str(Basis.SELF if line.actor_kind == Event.ActorKind.PATIENT else Basis.SYSTEM)
    if not line.route:
        return BACKGROUND
    return LISTED if line.route in listing else UNNAMED


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
