"""What the meter reads: how many rows hold something in a readable column, and who opened a field last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Count, Q

from audit.models import Event

ALL = "*"
Read = tuple[datetime, UUID | None]
VERSION_7 = 7
LAST_READS = """
SELECT DISTINCT ON (name) name, recorded_at, actor_id
FROM audit_event, unnest(fields) AS name
WHERE action = 'security.record.read' AND actor_kind IN ('staff', 'patient') AND recorded_at >= %s
ORDER BY name, recorded_at DESC
"""


def plain_counts(model: type[models.Model], names: Sequence[str]) -> Mapping[str, int]:
    """Return how many rows there are (under ALL), and how many hold something in each column."""
    asked = {
        f"in_{place}": Count("pk", filter=_holds(model._meta.get_field(name)))  # type: ignore[arg-type]
        for place, name in enumerate(names)
    }
    found = model._base_manager.order_by().aggregate(rows=Count("pk"), **asked)
    return {ALL: found["rows"]} | {name: found[f"in_{place}"] for place, name in enumerate(names)}


def _holds(field: models.Field) -> Q:  # type: ignore[type-arg]
    name = field.attname
    condition = Q(**{f"{name}__isnull": False})
    if isinstance(field, models.CharField | models.TextField):
        return condition & ~Q(**{name: ""})
    if isinstance(field, ArrayField):
        return condition & Q(**{f"{name}__len__gt": 0})
    if isinstance(field, models.JSONField):
        return condition & ~Q(**{name: []}) & ~Q(**{name: {}})
    return condition


def last_reads(since: datetime) -> Mapping[str, Read]:
    """Return when each sealed field was opened last since an instant, and by whom; systems do not count."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_READS, [since])
        return {name: (at, actor) for name, at, actor in cursor.fetchall()}


def trail_since() -> datetime | None:
    """Return when the trail began."""
    return Event.objects.order_by("recorded_at").values_list("recorded_at", flat=True).first()


def kept_since(model: type[models.Model]) -> datetime | None:
    """Return when the oldest row was made, as its key tells; None where there is none."""
    oldest = model._base_manager.order_by("pk").values_list("pk", flat=True).first()
    if not isinstance(oldest, UUID) or oldest.version != VERSION_7:
        return None
    return datetime.fromtimestamp((oldest.int >> 80) / 1000, UTC)
