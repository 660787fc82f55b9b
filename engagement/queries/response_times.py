"""How fast messages are answered: the median of first answers, what is open, what waits too long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Min,
    Q,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.models import Thread
from patients.queries.colleagues import unit_name
from security.models import Unit

PERIODS = (7, 30, 90, 365)
HOURS = (4, 8, 24, 48, 72)


class Median(Aggregate):
    """The middle of what was measured."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def table(*, days: int, hours: int) -> dict[str, Any]:
    """Return the figures of each inbox and of all of them, for conversations asked in the last days."""
    now = timezone.now()
    asked = Q(asked_at__gte=now - timedelta(days=days))
    answered = asked & Q(answered_at__isnull=False)
    waiting = Q(state=Thread.State.US)
    took = ExpressionWrapper(F("answered_at") - F("asked_at"), output_field=DurationField())
    figures = {
        "asked": Count("pk", filter=asked),
        "answered": Count("pk", filter=answered),
        "median": Median(took, filter=answered),
        "open": Count("pk", filter=~Q(state=Thread.State.DONE)),
        "waiting": Count("pk", filter=waiting),
        "late": Count("pk", filter=waiting & Q(waiting_since__lt=now - timedelta(hours=hours))),
        "oldest": Min("waiting_since", filter=waiting),
    }
    every = Thread.objects.all()
    names = {unit.pk: unit_name(unit) for unit in Unit.objects.all()}
    rows = [
        _row(names[found.pop("unit_id")], found)
        for found in every.values("unit_id").annotate(**figures).order_by("unit_id")
    ]
    return {
        "rows": sorted(rows, key=lambda row: str(row["name"])),
        "total": _row(_("All inboxes"), every.aggregate(**figures)),
        "longest": max((row["seconds"] for row in rows), default=0),
    }


def _row(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    median: timedelta | None = found["median"]
    return {
        **found,
        "name": name,
        "median": spell(median),
        "seconds": int(median.total_seconds()) if median else 0,
        "share": round(100 * found["answered"] / found["asked"]) if found["asked"] else None,
    }


def spell(span: timedelta | None) -> str:
    """Return a span of time in words, to the minute."""
    if span is None:
        return "–"
    minutes = max(1, round(span.total_seconds() / 60))
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}
