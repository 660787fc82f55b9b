"""Concerns about security, for the compliance desk alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from audit import persons
from audit.models import Alert
from engagement.models import SecurityConcern
from engagement.queries.complaints import names_of
from patients.models import StaffLink
from security.models import User
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken, SealedQuerySet

PAGE = 25
RULE = "R23"
Shown = dict[str, Any]


def visible(user: User) -> SealedQuerySet[SecurityConcern]:
    """Return the concerns that an officer may see: never those about the own record or close family's."""
    own = StaffLink.objects.in_force().filter(user_id=user.pk).values("patient_id")
    rows: SealedQuerySet[SecurityConcern] = SecurityConcern.objects.exclude(
        patient__isnull=False, patient_id__in=own
    )
    return rows


def page(user: User, *, after: str = "") -> Shown:
    """Return one page of concerns, the newest first, each with its alert."""
    rows = visible(user).select_related("noted_by").defer("sealed")
    found = list(descending(rows, "received_at", Place.read(after))[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    alerts = _alerts([row.pk for row in shown])
    names = names_of(user, shown)
    return {
        "rows": [_line(row, names, alerts) for row in shown],
        "next": Place(last.received_at, last.pk).text() if last else "",
    }


def one(user: User, concern_id: UUID) -> Shown:
    """Return one concern with its words; raise SecurityConcern.DoesNotExist."""
    row = visible(user).select_related("noted_by").get(pk=concern_id)
    shown = _line(row, names_of(user, [row]), _alerts([row.pk]))
    try:
        return shown | {"words": row.words, "contact": row.contact or "", "is_broken": False}
    except SealBroken:
        return shown | {"words": "", "contact": "", "is_broken": True}


def _alerts(ids: list[UUID]) -> dict[str, Alert]:
    """Return the alert that was raised for each of these concerns."""
    rows = Alert.objects.filter(rule=RULE, dedupe_key__in=[str(one) for one in ids])
    return {row.dedupe_key: row for row in rows.select_related("assigned_to").defer("sealed")}


def _line(row: SecurityConcern, names: Any, alerts: dict[str, Alert]) -> Shown:
    alert = alerts.get(str(row.pk))
    name, url = names.get(row.patient_id, ("", ""))
    return {
        "id": row.pk,
        "number": row.number,
        "way": row.get_way_display(),
        "received_at": row.received_at,
        "noted_by": called(row.noted_by),
        "name": name,
        "patient_url": url,
        "pseudonym": persons.pseudonym(row.patient_id) if row.patient_id else "",
        "alert_id": alert.pk if alert else None,
        "verdict": alert.get_verdict_display() if alert and alert.verdict else "",
        "assigned": called(alert.assigned_to) if alert else "",
    }
