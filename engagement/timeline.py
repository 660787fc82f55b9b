"""Where the timeline of a relationship takes its lines from: each part adds its source at start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from security.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what kind, what happened in words, who did it, and where it is shown in full."""

    at: datetime
    row_id: UUID
    title: str
    text: str = ""
    who: str = ""
    url: str = ""
    tone: str = "neutral"


# Lines of one patient before an instant, the newest first, so many at most.
Read = Callable[[UUID, datetime, int], Sequence[Line]]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of lines: its key, its name, an icon, who may see it, how it is read."""

    key: str
    label: Promise
    icon: str
    permission: Permission
    read: Read


_sources: dict[str, Source] = {}


def add(source: Source) -> None:
    """Add a source; raise ValueError where another one has its key."""
    if _sources.setdefault(source.key, source) != source:
        raise ValueError(f"there is a source {source.key}")


def sources() -> Mapping[str, Source]:
    """Return every source by its key, in the order they were added."""
    return dict(_sources)
