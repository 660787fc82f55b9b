"""Pages of long lists: a cursor names the last row shown, so that page n costs what page one costs."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import F, Q, QuerySet

_FORM = struct.Struct(">q16s")
_TEXT = re.compile(r"[A-Za-z0-9_-]{32}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Stands for "no instant": rows without one come last.
_NEVER = -(2**63)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the instant and the id of its last row."""

    at: datetime | None
    id: UUID

    def text(self) -> str:
        """Return the place as 32 letters for an address; it tells no more than the row's own address."""
        number = _NEVER if self.at is None else (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(_FORM.pack(number, self.id.bytes)).decode()

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that a text names, or None if it names none."""
        if not _TEXT.fullmatch(text):
            return None
        number, raw = _FORM.unpack(base64.urlsafe_b64decode(text))
        if number == _NEVER:
            return cls(None, UUID(bytes=raw))
        try:
            return cls(_EPOCH + timedelta(microseconds=number), UUID(bytes=raw))
        except OverflowError:
            return None


def descending(rows: QuerySet[Any], column: str, after: Place | None) -> QuerySet[Any]:
    """Order rows by an instant that each of them has, the newest first; an index on it serves the page."""
    ordered = rows.order_by(f"-{column}", "-pk")
    if after is None or after.at is None:
        return ordered
    ordered = ordered.filter(**{f"{column}__lte": after.at})
    return ordered.exclude(**{column: after.at, "pk__gte": after.id})


def newest_first(rows: QuerySet[Any], column: str, after: Place | None) -> QuerySet[Any]:
    """Order rows by an instant, the newest first and those without one last; begin after a place."""
    ordered = rows.order_by(F(column).desc(nulls_last=True), "-pk")
    if after is None:
        return ordered
    if after.at is None:
        return ordered.filter(**{f"{column}__isnull": True, "pk__lt": after.id})
    same = Q(**{column: after.at, "pk__lt": after.id})
    return ordered.filter(
        Q(**{f"{column}__lt": after.at}) | same | Q(**{f"{column}__isnull": True})
    )


def ascending(rows: QuerySet[Any], column: str, after: Place | None) -> QuerySet[Any]:
    """Order rows by an instant that each of them has, the earliest first; begin after a place."""
    ordered = rows.order_by(column, "pk")
    if after is None or after.at is None:
        return ordered
    ordered = ordered.filter(**{f"{column}__gte": after.at})
    return ordered.exclude(**{column: after.at, "pk__lte": after.id})
