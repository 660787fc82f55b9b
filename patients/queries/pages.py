"""Pages of patients, the latest active first; other lists are cut into pages by `security.pages`."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from security.pages import Place, descending, newest_first

__all__ = ["Place", "latest_active", "newest_first", "next_of_patients"]


def latest_active(patients: QuerySet[Any], after: Place | None) -> QuerySet[Any]:
    """Order patients by their latest activity; begin after a place. The index on that column serves it."""
    return descending(patients, "last_activity_at", after)


def next_of_patients(found: list[Any], size: int) -> str | None:
    """Return the address of the page after these patients, relative to the list's; None at the end."""
    if len(found) <= size:
        return None
    return f"?after={Place(found[size - 1].last_activity_at, found[size - 1].pk).text()}"
