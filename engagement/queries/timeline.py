"""The timeline of a relationship: lines of every source that is open to the reader, in one order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engagement import timeline
from engagement.timeline import Line, Source
from patients.queries.chart import Chart
from security.pages import Place

PAGE = 25
# Further than any row: a page begins before it.
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
Shown = dict[str, Any]


def page(chart: Chart, *, kind: str = "", after: str = "") -> Shown:
    """Return one page of the timeline, of all kinds or of one."""
    sources = open_to(chart)
    kinds = {group(source) for source in sources}
    chosen = [one for one in sources if kind not in kinds or group(one) == kind]
    place = Place.read(after)
    before = place.at if place is not None and place.at is not None else END_OF_TIME
    found = [(line, source) for source in chosen for line in _read(source, chart, before)]
    found.sort(key=lambda pair: (pair[0].at, pair[0].row_id), reverse=True)
    shown = _cut(found)
    last = shown[-1][0] if len(found) > len(shown) else None
    return {
        "kinds": _filters(sources, kind),
        "items": [_item(line, source) for line, source in shown],
        "next": Place(last.at, last.row_id).text() if last else "",
        "kind": kind if kind in kinds else "",
    }


def open_to(chart: Chart) -> list[Source]:
    """Return the sources that a reader may see of a patient."""
    return [one for one in timeline.sources().values() if chart.may(one.permission)]


def group(source: Source) -> str:
    """Return the kind that a source belongs to: the part of its key before the first dot."""
    return source.key.partition(".")[0]


def _read(source: Source, chart: Chart, before: datetime) -> list[Line]:
    return list(source.read(chart.patient.pk, before, 2 * PAGE))


def _cut(found: list[tuple[Line, Source]]) -> list[tuple[Line, Source]]:
    """Return one page; lines of the same instant stay together, for the next page begins before it."""
    if len(found) <= PAGE:
        return found
    last = found[PAGE - 1][0].at
    end = next((place for place in range(PAGE, len(found)) if found[place][0].at != last), None)
    return found[:end] if end else found


def _filters(sources: list[Source], active: str) -> list[Shown]:
    kinds: dict[str, Source] = {}
    for source in sources:
        kinds.setdefault(group(source), source)
    return [
        {"key": key, "label": source.label, "active": key == active}
        for key, source in kinds.items()
    ]


def _item(line: Line, source: Source) -> Shown:
    return {
        "at": line.at,
        "kind_label": source.label,
        "icon": source.icon,
        "title": line.title,
        "text": line.text,
        "who": line.who,
        "url": line.url,
        "tone": line.tone,
    }
