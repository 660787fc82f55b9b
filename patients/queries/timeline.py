"""The timeline: every dated entry of a record in one order, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Q, Value
from django.utils.translation import gettext as _

from patients.queries import clinical
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY, KINDS, Kind, chosen
from patients.queries.pages import Place

PAGE = 25
Mark = tuple[str, UUID, datetime]


def page(chart: Chart, *, kind: str = "", after: str = "") -> dict[str, Any]:
    """Return one page of the timeline, of all kinds or of one."""
    marks = _marks(chart.patient.pk, list(chosen(kind)), Place.read(after))
    shown, url = marks[:PAGE], chart.url("timeline")
    last = shown[-1] if len(marks) > PAGE else None
    more = f"after={Place(last[2], last[1]).text()}" if last else ""
    filtered = f"kind={kind}&" if kind in BY_KEY else ""
    return {
        "kinds": _filters(chart, kind),
        "items": _items(chart, shown),
        "next_url": f"{url}?{filtered}{more}" if more else None,
    }


def _marks(patient_id: UUID, kinds: list[Kind], after: Place | None) -> list[Mark]:
    """Return kind, id and instant of one page's entries and one more, in one query."""
    first, *others = [_part(kind, patient_id, after) for kind in kinds]
    if not others:
        return list(first)
    joined = first.union(*others, all=True).order_by("-occurred_at", "-id")
    return list(joined[: PAGE + 1])


def _part(kind: Kind, patient_id: UUID, after: Place | None) -> Any:
    rows = kind.rows(patient_id, True).select_related(None).filter(occurred_at__isnull=False)
    if after is not None and after.at is not None:
        same = Q(occurred_at=after.at, id__lt=after.id)
        rows = rows.filter(Q(occurred_at__lt=after.at) | same)
    ordered = rows.order_by("-occurred_at", "-id")[: PAGE + 1]
    label = Value(kind.key, output_field=CharField())
    return ordered.annotate(entry_kind=label).values_list("entry_kind", "id", "occurred_at")


def _items(chart: Chart, marks: list[Mark]) -> list[dict[str, Any]]:
    sees_restricted = chart.sees_restricted
    lines: dict[UUID, dict[str, Any]] = {}
    for key in dict.fromkeys(mark[0] for mark in marks):
        kind, ids = BY_KEY[key], [mark[1] for mark in marks if mark[0] == key]
        for row in kind.rows(chart.patient.pk, sees_restricted).filter(pk__in=ids):
            lines[row.pk] = kind.line(row, sees_restricted)
    return [lines[one] for _key, one, _at in marks if one in lines]


def _filters(chart: Chart, active: str) -> list[dict[str, Any]]:
    totals, url = clinical.counts(chart.patient.pk), chart.url("timeline")
    every = {
        "key": "",
        "label": _("All"),
        "count": None,
        "url": url,
        "active": active not in BY_KEY,
    }
    return [every] + [
        {
            "key": kind.key,
            "label": kind.label,
            "count": totals[kind.key],
            "url": f"{url}?kind={kind.key}",
            "active": kind.key == active,
        }
        for kind in KINDS
        if totals[kind.key]
    ]
