"""Notes for reading: the list, one note with its addenda, and what changed between two versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from patients.models import Note, NoteAddendum
from patients.queries import entries, note_forms, pages, versions, wordwise
from patients.queries.chart import Chart
from patients.queries.entries import Shown
from patients.queries.kinds import BY_KEY
from patients.queries.pages import Place
from security.access.permissions import Permission
from security.people import called
from security.sealing import SealBroken

PAGE = 20
RECENT = 4
KIND = BY_KEY["notes"]


def page(chart: Chart, *, template: str = "", after: str = "") -> dict[str, Any]:
    """Return one page of a patient's notes, the newest first, of all templates or of one."""
    rows, url = KIND.rows(chart.patient.pk, chart.sees_restricted), chart.url("notes")
    chosen = template if template in Note.Template.values else ""
    if chosen:
        rows = rows.filter(template=chosen)
    found = list(pages.newest_first(rows, "occurred_at", Place.read(after))[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    more = f"after={Place(last.occurred_at, last.pk).text()}" if last else ""
    filtered = f"template={chosen}&" if chosen else ""
    return {
        "filters": _filters(chart, chosen),
        "rows": [_row(row, chart) for row in found[:PAGE]],
        "next_url": f"{url}?{filtered}{more}" if more else None,
        "new": _new(chart) if chart.may(Permission.CLINICAL_WRITE) else [],
    }


def recent(chart: Chart) -> list[Shown]:
    """Return the newest notes that are not mistaken, for the summary."""
    rows = KIND.rows(chart.patient.pk, chart.sees_restricted).exclude(status=Note.Status.MISTAKEN)
    return [_row(row, chart) for row in pages.newest_first(rows, "occurred_at", None)[:RECENT]]


def find(chart: Chart, note_id: UUID) -> Note:
    """Return a note of the patient; raise Note.DoesNotExist."""
    rows: QuerySet[Note] = KIND.rows(chart.patient.pk, chart.sees_restricted)
    return rows.select_related("author", "signed_by").get(pk=note_id)


def is_locked(chart: Chart, row: Note) -> bool:
    """Tell whether this reader may not open a note."""
    return entries.is_locked(row, chart.sees_restricted)


def told(chart: Chart, row: Note) -> Shown:
    """Return a note that the reader may open, as its page shows it; raise SealBroken."""
    return {
        **_said(row, chart),
        "at": row.occurred_at,
        "id": row.pk,
        "version": row.version,
        "sections": _sections(row),
        "mistake": row.mistake if row.status == Note.Status.MISTAKEN else "",
        "signed_at": row.signed_at,
        "signed_by": called(row.signed_by),
        "is_open": row.status == Note.Status.OPEN,
        "is_signed": row.status == Note.Status.SIGNED,
        "is_own": row.author_id == chart.reader.pk,
        "addenda": _addenda(chart, row),
        "versions": versions.of_row(row).count() + 1,
    }


def changes(chart: Chart, row: Note, *, earlier: int, later: int) -> dict[str, Any] | None:
    """Return two versions of a note side by side, word by word; None where one can not be read."""
    pair = [versions.at(row, number) for number in (earlier, later)]
    if any(one is None or is_locked(chart, one) for one in pair):
        return None
    before, now = (_texts(one) for one in pair)
    names = {"title": gettext("Title"), **note_forms.labels(row.template)}
    return {
        "earlier": earlier,
        "later": later,
        "sections": [
            {"label": label, "pieces": wordwise.compared(before.get(key, ""), now.get(key, ""))}
            for key, label in names.items()
            if before.get(key) or now.get(key)
        ],
        "is_same": before == now,
    }


def history(row: Note) -> list[Shown]:
    """Return every version of a note, the newest first: when it was written, by whom and why it went."""
    kept = list(versions.of_row(row).select_related("replaced_by"))
    # A version began when the one before it was replaced.
    return [
        {
            "number": one.row_version if one else row.version,
            "at": before.replaced_at if before else row.created_at,
            "by": called(before.replaced_by if before else row.author),
            "reason": before.reason if before else "",
            "is_now": one is None,
        }
        for one, before in zip([None, *kept], [*kept, None], strict=True)
    ]


def _texts(row: Note) -> dict[str, str]:
    entries.uncover(row, sees_restricted=True)
    return {"title": row.title or "", **entries.note_sections(row)}


def _sections(row: Note) -> list[Shown]:
    written, names = entries.note_sections(row), note_forms.labels(row.template)
    return [
        {"key": key, "label": label, "text": written[key]}
        for key, label in names.items()
        if written.get(key)
    ]


def _row(row: Note, chart: Chart) -> Shown:
    where = {"at": row.occurred_at, "created_at": row.created_at, "pk": row.pk}
    if is_locked(chart, row):
        return where | entries.LOCKED
    try:
        return where | _said(row, chart) | {"restricted": False, "broken": False}
    except SealBroken:
        return where | entries.BROKEN


def _said(row: Note, chart: Chart) -> Shown:
    entries.uncover(row, sees_restricted=chart.sees_restricted)
    return {
        "text": entries.note_title(row),
        "snippet": entries.note_snippet(row),
        "template": row.get_template_display(),
        "author": called(row.author),
        "status": entries.note_status(row),
        "is_protected": row.is_protected,
        "url": entries.note_url(row),
    }


def _addenda(chart: Chart, row: Note) -> list[Shown]:
    found = NoteAddendum.objects.filter(note_id=row.pk).select_related("author")
    if not chart.sees_restricted:
        found = found.defer("sealed_restricted")
    return [_addendum(one, chart) for one in found.order_by("occurred_at", "pk")]


def _addendum(row: NoteAddendum, chart: Chart) -> Shown:
    where = {"at": row.occurred_at, "author": called(row.author)}
    if entries.is_locked(row, chart.sees_restricted):
        return where | entries.LOCKED
    try:
        entries.uncover(row, sees_restricted=chart.sees_restricted)
        return where | {"text": row.text, "restricted": False, "broken": False}
    except SealBroken:
        return where | entries.BROKEN


def _new(chart: Chart) -> list[Shown]:
    url = reverse("patients:note_new", args=[chart.patient.pk])
    return [
        {"label": label, "url": f"{url}?template={value}"} for value, label in Note.Template.choices
    ]


def _filters(chart: Chart, active: str) -> list[Shown]:
    counted = Note.objects.filter(patient_id=chart.patient.pk).order_by()
    totals = dict(counted.values_list("template").annotate(total=Count("pk")))
    url = chart.url("notes")
    every = {
        "label": gettext("All"),
        "count": sum(totals.values()),
        "url": url,
        "active": not active,
    }
    return [every] + [
        {
            "label": label,
            "count": totals[value],
            "url": f"{url}?template={value}",
            "active": value == active,
        }
        for value, label in Note.Template.choices
        if totals.get(value)
    ]
