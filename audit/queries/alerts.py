"""Alerts as officers see them: a list by filters, one alert with its events, who may be asked to look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from audit import actions
from audit.models import Access, Alert, Companion, Event
from audit.models.alert import AlertQuerySet
from audit.queries.staff import names_of
from audit.queries.trail import BASES
from security.access.purposes import PURPOSE_LABELS
from security.access.roles import ROLES
from security.models import User
from security.monitoring import Rule, rules
from security.sealing import SealBroken

PAGE = 25
SHOWN_EVENTS = 50
TONES = {
    "note": "neutral",
    "alert": "warn",
    "step_up": "warn",
    "throttle": "danger",
    "suspend": "danger",
}
VERDICT_TONES = {"explained": "good", "warned": "warn", "incident": "danger"}
PURPOSES = {str(one): label for one, label in PURPOSE_LABELS.items()}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of all alerts is asked for."""

    state: str = "open"
    rule: str = ""
    response: str = "loud"
    mine: bool = False


def visible(reader: User) -> AlertQuerySet:
    """Return the alerts that a person may know of: those about the own account are for colleagues."""
    found: AlertQuerySet = Alert.objects.not_about(reader.pk)
    return found


def page(reader: User, filters: Filters, *, after: UUID | None = None) -> dict[str, Any]:
    """Return one page of alerts, the newest first."""
    rows = _filtered(visible(reader), filters, reader)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    # Ids are in the order of time.
    found = list(rows.defer("sealed").order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    people = {one for row in shown for one in (row.actor_id, row.assigned_to_id) if one}
    names = names_of(people)
    return {
        "rows": [_row(row, names) for row in shown],
        "next": str(shown[-1].pk) if len(found) > PAGE else "",
    }


def _filtered(rows: AlertQuerySet, filters: Filters, reader: User) -> AlertQuerySet:
    if filters.state == "open":
        rows = rows.filter(verdict="")
    elif filters.state:
        rows = rows.exclude(verdict="")
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    if filters.response == "loud":
        rows = rows.exclude(response=Alert.Response.NOTE)
    elif filters.response:
        rows = rows.filter(response=filters.response)
    return rows.filter(assigned_to_id=reader.pk) if filters.mine else rows


def _row(row: Alert, names: dict[UUID, str]) -> dict[str, Any]:
    rule = rules.get(row.rule)
    return {
        "id": row.pk,
        "url": reverse("audit:alert", args=[row.pk]),
        "key": row.rule,
        "words": rule.words if rule else row.rule,
        "response": row.get_response_display(),
        "tone": TONES.get(row.response, "neutral"),
        "who": names.get(row.actor_id) if row.actor_id else None,
        "records": len(row.subjects),
        "events": len(row.events),
        "at": row.occurred_at,
        "raised_at": row.raised_at,
        "assigned": names.get(row.assigned_to_id) if row.assigned_to_id else None,
        "verdict": row.get_verdict_display() if row.verdict else "",
        "verdict_tone": VERDICT_TONES.get(row.verdict, "neutral"),
    }


def one(reader: User, row: Alert) -> dict[str, Any]:
    """Return an alert with what it rests on: the rule in words, the newest of its events, who is meant."""
    events = list(Event.objects.filter(pk__in=row.events).newest_first()[:SHOWN_EVENTS])
    grounds = dict(
        Access.objects.filter(event_id__in=[event.pk for event in events]).values_list(
            "event_id", "ground"
        )
    )
    people = {
        row.actor_id,
        row.assigned_to_id,
        row.closed_by_id,
        *(event.actor_id for event in events),
    }
    names = names_of({person for person in people if person})
    return _row(row, names) | {
        "rule": rules.get(row.rule),
        "is_open": not row.verdict,
        "score": row.score,
        "shown": [_event(event, names, grounds) for event in events],
        "others": max(0, len(row.events) - len(events)),
        "subjects": [pseudonym(one) for one in row.subjects[:SHOWN_EVENTS]],
        "explanation": _explanation(row),
        "closed_at": row.closed_at,
        "closed_by": names.get(row.closed_by_id, "") if row.closed_by_id else "",
        "further": visible(reader).filter(actor_id=row.actor_id).exclude(pk=row.pk).open().count()
        if row.actor_id
        else 0,
        "pairs": _pairs(row),
        "cases": list(row.cases.order_by("opened_at").values("pk", "number")),
    }  # fmt: skip


def _explanation(row: Alert) -> str | None:
    try:
        return row.explanation or ""
    except SealBroken:
        return None


def _event(event: Event, names: dict[UUID, str], grounds: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.recorded_at,
        "what": actions.sentence(event.action),
        "outcome": "" if event.outcome == "success" else event.get_outcome_display(),
        "who": names.get(event.actor_id, "") if event.actor_id else "",
        "role": next((ROLES[key].label for key in event.roles if key in ROLES), ""),
        "about": [pseudonym(one) for one in event.subjects[:3]],
        "purpose": PURPOSES.get(event.purpose, event.purpose),
        "basis": BASES.get(event.basis, "") if event.basis else "",
        "is_unexplained": grounds.get(event.pk) == "",
    }


def _pairs(row: Alert) -> list[dict[str, Any]]:
    """Return which of the alert's patients are remembered as working with its person now."""
    pairs = (
        Companion.objects.in_force().filter(actor_id=row.actor_id).defer("sealed")
        if row.actor_id
        else ()
    )
    return [
        {
            "about": pseudonym(pair.other_id),
            "kind": pair.get_kind_display(),
            "ends_at": pair.ends_at,
        }
        for pair in pairs
    ]


def pseudonym(subject: UUID) -> str:
    """Return the end of an id, by which the trail tells people apart; a name needs a case."""
    return str(subject)[-12:]


def raised_by(rule_keys: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return how many alerts each rule raised, and how they were closed, with one query."""
    found: dict[str, dict[str, int]] = {key: {} for key in rule_keys}
    for key, verdict, count in Alert.objects.count_by_verdict():
        found.setdefault(key, {})[verdict or "open"] = count
    return found


def words_of(rule: Rule) -> str:
    """Return a rule's key and words."""
    return f"{rule.key} · {rule.words}"
