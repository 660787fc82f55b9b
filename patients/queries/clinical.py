"""The clinical tab: one table per kind of entry, each with its own way on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Value
from django.urls import reverse

from patients.queries import pages
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY, KINDS, WRITTEN, Kind
from patients.queries.pages import Place
from security.access.permissions import Permission

ROWS = 10
# Whoever asks for more of one table gets more at once.
MORE_ROWS = 50


def sections(chart: Chart, *, section: str = "", after: str = "") -> dict[str, Any]:
    """Return the tables of a chart, or one of them from a place on."""
    totals = counts(chart.patient.pk)
    asked = BY_KEY.get(section)
    if asked is not None:
        shown = [_section(chart, asked, totals[asked.key], Place.read(after), MORE_ROWS)]
    else:
        shown = [_section(chart, kind, totals[kind.key], None, ROWS) for kind in KINDS]
    return {"sections": [one for one in shown if one["total"] or one["add_url"]]}


def counts(patient_id: UUID) -> dict[str, int]:
    """Return how many entries of each kind a patient has, in one query."""
    parts = [
        kind.rows(patient_id, True)
        .select_related(None)
        .order_by()
        .values("patient_id")
        .annotate(entry_kind=Value(kind.key), total=Count("pk"))
        .values_list("entry_kind", "total")
        for kind in KINDS
    ]
    found = dict(parts[0].union(*parts[1:], all=True))
    return {kind.key: found.get(kind.key, 0) for kind in KINDS}


def _section(
    chart: Chart, kind: Kind, total: int, after: Place | None, size: int
) -> dict[str, Any]:
    sees_restricted = chart.sees_restricted
    query = kind.rows(chart.patient.pk, sees_restricted)
    found = list(pages.newest_first(query, "occurred_at", after)[: size + 1]) if total else []
    return {
        "key": kind.key,
        "label": kind.label,
        "icon": kind.icon,
        "columns": [{"label": label, "kind": form} for label, form in kind.columns],
        "rows": [kind.table_row(row, sees_restricted) for row in found[:size]],
        "total": total,
        "next_url": _next_url(chart, kind, found, size),
    } | _ways(chart, kind)


def _ways(chart: Chart, kind: Kind) -> dict[str, Any]:
    """Return what this reader may do with a table: follow its entries, and write them."""
    is_written = kind.key in WRITTEN and chart.may(Permission.CLINICAL_WRITE)
    known = [chart.patient.pk, kind.key]
    none_url = reverse("patients:none_known", args=[chart.patient.pk])
    return {
        "patient_id": chart.patient.pk,
        "is_followed": kind.key in WRITTEN,
        "may_protect": chart.sees_restricted and chart.may(Permission.RESTRICTED_WRITE),
        "add_url": reverse("patients:entry_add", args=known) if is_written else None,
        "none_url": none_url if is_written and kind.key == "allergies" else None,
    }


def _next_url(chart: Chart, kind: Kind, found: list[Any], size: int) -> str | None:
    if len(found) <= size:
        return None
    last = found[size - 1]
    place = Place(last.occurred_at, last.pk).text()
    return f"{chart.url('clinical')}?section={kind.key}&after={place}"
