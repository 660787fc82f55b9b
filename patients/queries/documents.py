"""The documents of a patient, as one reader sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from patients.media import contents
from patients.models import Document
from patients.queries import entries, pages
from patients.queries.chart import Chart
from patients.queries.pages import Place
from security.masks import masked_name
from security.sealing import SealBroken

ROWS = 20
ICONS = {contents.PDF: "file-text", contents.TEXT: "file-text"}
MOST_PICTURES = 12


def page(chart: Chart, *, after: str = "") -> dict[str, Any]:
    """Return one page of a patient's documents, the newest first."""
    place = Place.read(after)
    query = Document.objects.filter(patient_id=chart.patient.pk).select_related("uploaded_by")
    found = list(pages.newest_first(query, "occurred_at", place)[: ROWS + 1])
    last = found[ROWS - 1] if len(found) > ROWS else None
    url = chart.url("documents")
    return {
        "rows": [shown(chart, row) for row in found[:ROWS]],
        "next_url": f"{url}?after={Place(last.occurred_at, last.pk).text()}" if last else None,
    }


def find(chart: Chart, document_id: UUID) -> Document:
    """Return a document of this patient that the reader may open; raise Document.DoesNotExist."""
    row = Document.objects.select_related("uploaded_by", "withdrawn_by").get(
        pk=document_id, patient_id=chart.patient.pk
    )
    if entries.is_locked(row, chart.sees_restricted):
        raise Document.DoesNotExist
    return row


def shown(chart: Chart, row: Document) -> dict[str, Any]:
    """Return a document as a line of the list; locked where protected, broken where unreadable."""
    facts: dict[str, Any] = {
        "id": row.pk,
        "at": row.occurred_at,
        "kind": row.get_kind_display(),
        "icon": ICONS.get(row.media_type, "photo"),
        "size": filesizeformat(row.size),
        "pages": row.pages,
        "scan": row.scan,
        "scan_label": row.get_scan_display(),
        "is_withdrawn": row.withdrawn_at is not None,
        "protected": row.confidentiality != Document.Confidentiality.NORMAL,
        "restricted": False,
        "broken": False,
    }
    if entries.is_locked(row, chart.sees_restricted):
        return facts | entries.LOCKED
    try:
        return facts | {
            "title": title(row),
            "url": reverse("patients:document", args=[chart.patient.pk, row.pk]),
            "by": _name(row),
        }
    except SealBroken:
        return facts | entries.BROKEN


def title(row: Document) -> str:
    """Return what a document is called."""
    is_restricted = row.confidentiality != Document.Confidentiality.NORMAL
    return entries.named(row.restricted_title if is_restricted else row.title)


def _name(row: Document) -> str:
    try:
        return row.uploaded_by.display_name or row.uploaded_by.handle
    except SealBroken:
        return masked_name("") or row.uploaded_by.handle


def pictures(chart: Chart, row: Document) -> list[str]:
    """Return the addresses of a document's pages as pictures; none for text."""
    if row.media_type == contents.TEXT:
        return []
    return [
        reverse("patients:document_page", args=[chart.patient.pk, row.pk, number])
        for number in range(min(row.pages, MOST_PICTURES))
    ]
