"""A small known world of events, counted by hand, for the tests of audit reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import connection

from audit.models import Access, Alert, AuditReport, Event, Review
from audit.periods import Period, containing
from audit.services import reports
from security.ids import new_id
from tests import world

ZONE = "Europe/Berlin"
# A week of summer, Monday to Sunday, and an hour in its middle.
MONDAY = date(2026, 6, 1)
WEEK = containing("weekly", MONDAY, ZONE)
NOON = datetime(2026, 6, 3, 10, tzinfo=UTC)
READ = "security.record.read"
PATIENT_FIELDS = ["patients.condition.code_text", "patients.patient.names"]


def event(action: str, at: datetime = NOON, **columns: object) -> Event:
    """Return an event that is not stored yet."""
    usual: dict[str, object] = {
        "outcome": "success", "actor_id": new_id(), "actor_kind": "staff", "system": "", "roles": ["nurse"],
        "purpose": "TREAT", "basis": "", "subjects": [], "object_label": "", "fields": [], "counts": {},
        "session_ref": "", "device_ref": "", "request_id": new_id(), "route": "", "detail": b"",
    }  # fmt: skip
    return Event(action=action, recorded_at=at, **(usual | columns))


def read(at: datetime = NOON, **columns: object) -> Event:
    """Return a reading of a patient's record."""
    usual: dict[str, object] = {"fields": PATIENT_FIELDS, "subjects": [new_id()]}
    return event(READ, at, **(usual | columns))


def store(*events: Event) -> None:
    """Store events as they are."""
    Event.objects.bulk_create(events)


def alert(rule: str, verdict: str = "", at: datetime = NOON) -> Alert:
    """Make an alert, closed where it has a verdict."""
    closed = {"closed_at": at + timedelta(hours=1), "closed_by": world.person("compliance_officer")}
    return Alert.objects.create(
        rule=rule, response="alert", actor_id=new_id(), dedupe_key=str(new_id()), occurred_at=at,
        raised_at=at, explanation="x", verdict=verdict, **(closed if verdict else {}),
    )  # fmt: skip


def opened(ground: str, role: str = "nurse", at: datetime = NOON) -> Access:
    """Store that a colleague opened a chart, and what monitoring found to explain it."""
    return Access.objects.create(
        request_id=new_id(), event_id=new_id(), actor_id=new_id(), subject_id=new_id(), occurred_at=at,
        role=role, basis="team", ground=ground,
    )  # fmt: skip


def review(verdict: str = "", *, due: datetime, decided: datetime | None = None) -> Review:
    """Make a review of an emergency access of the week."""
    by = world.person("compliance_officer") if decided else None
    return Review.objects.create(
        event_id=new_id(), actor_id=new_id(), subject_id=new_id(), occurred_at=NOON, due_at=due,
        verdict=verdict, decided_at=decided, decided_by=by, finding="",
    )  # fmt: skip


def report(period: Period = WEEK) -> AuditReport:
    """Make the report of a period as the worker does."""
    AuditReport.objects.create(
        kind=period.kind, starts_on=period.starts_on, ends_on=period.ends_on, zone=period.zone,
        until=period.until,
    )  # fmt: skip
    taken = reports.take()
    assert taken is not None
    made = reports.make(report=taken)
    assert made is not None
    return made


def altered(made: AuditReport, sql: str, *values: object) -> None:
    """Change a stored report behind the product's back."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_auditreport SET {sql} WHERE id = %s", [*values, made.pk])


def events(action: str) -> list[Event]:
    """Return the events of an action, the oldest first."""
    return list(Event.objects.filter(action=action).order_by("recorded_at", "pk"))
