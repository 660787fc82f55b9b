"""Ready answers: those that fit a conversation, and those that somebody keeps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language

from engagement.models import CannedReply
from patients.queries.colleagues import unit_name


def _reads_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def for_inbox(unit_id: UUID, *, in_chinese: bool) -> list[dict[str, Any]]:
    """Return the answers of an inbox and of all: titles in the reader's language, texts in the patient's."""
    rows = CannedReply.objects.filter(Q(unit_id=unit_id) | Q(unit__isnull=True), is_active=True)
    found = [
        {
            "id": row.pk,
            "title": row.title_zh if _reads_chinese() else row.title,
            "text": row.text_zh if in_chinese else row.text,
        }
        for row in rows
    ]
    return sorted(found, key=lambda one: one["title"])


def text_of(canned_id: UUID, unit_id: UUID, *, in_chinese: bool) -> str:
    """Return the words of one of those answers, "" where it is none of them."""
    known = for_inbox(unit_id, in_chinese=in_chinese)
    return next((one["text"] for one in known if one["id"] == canned_id), "")


def every() -> list[dict[str, Any]]:
    """Return all ready answers in use, by inbox and title."""
    rows = CannedReply.objects.filter(is_active=True).select_related("unit")
    found = [
        {
            "id": row.pk,
            "unit_id": row.unit_id,
            "unit": unit_name(row.unit),
            "title": row.title_zh if _reads_chinese() else row.title,
            "text": row.text_zh if _reads_chinese() else row.text,
        }
        for row in rows
    ]
    return sorted(found, key=lambda one: (str(one["unit"]), str(one["title"])))


def find(canned_id: UUID) -> CannedReply:
    """Return a ready answer in use; raise CannedReply.DoesNotExist."""
    return CannedReply.objects.select_related("unit").get(pk=canned_id, is_active=True)
