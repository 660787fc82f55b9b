"""Events as colleagues leave them behind, written straight into the trail, and monitoring run over them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit.models import Alert
from audit.services import monitoring
from patients.models import Patient
from security.ids import new_id
from security.models import User

COLUMNS = (
    "id, format, recorded_at, action, outcome, actor_id, actor_kind, system, roles, purpose, basis, subjects,"
    " object_label, fields, counts, session_ref, device_ref, request_id, route, detail"
)


def event(
    user: User, *subjects: UUID | Patient, at: datetime | None = None, action: str = "patients.chart.opened",
    role: str = "receptionist", **more: object,
) -> UUID:  # fmt: skip
    """Write one event."""
    ids = [one.pk if isinstance(one, Patient) else one for one in subjects]
    row = {
        "outcome": "success", "purpose": "PATADMIN", "basis": "role", "fields": ["summary"], "counts": {},
        "device_ref": "",
    } | more  # fmt: skip
    event_id = new_id()
    values = [
        event_id, 1, at or timezone.now(), action, row["outcome"], user.pk, "staff", "", [role], row["purpose"],
        row["basis"], ids, "", list(row["fields"]), json.dumps(row["counts"]), "", row["device_ref"], new_id(),
        "", b"",
    ]  # fmt: skip
    marks = ", ".join(["%s"] * 11 + ["%s::uuid[]"] + ["%s"] * 8)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_event ({COLUMNS}) VALUES ({marks})", values)
    return event_id


def opens(
    user: User,
    patients: Iterable[Patient],
    *,
    ends: datetime | None = None,
    every: float = 60,
    **more: object,
) -> None:
    """Let somebody open charts one after the other; the last one at `ends`."""
    rows = list(patients)
    end = ends or timezone.now()
    for place, row in enumerate(rows):
        event(user, row, at=end - timedelta(seconds=every) * (len(rows) - 1 - place), **more)


def replayed(days: float = 100) -> list[Alert]:
    """Ask the rules about the last days, and return all alerts."""
    now = timezone.now()
    monitoring.replay(since=now - timedelta(days=days), until=now + timedelta(minutes=1))
    return list(Alert.objects.order_by("rule", "raised_at"))


def watched() -> list[Alert]:
    """Look at what came since the last run, and return all alerts."""
    monitoring.run()
    return list(Alert.objects.order_by("rule", "raised_at"))


def loud(alerts: Sequence[Alert]) -> set[str]:
    """Return the rules that alert, notes left out."""
    return {one.rule for one in alerts if one.response != "note"}
