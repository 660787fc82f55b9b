"""The summary: what matters today, each part only for those who may read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from patients.models import Condition, Encounter, MedicationRequest, Observation, PatientRecord
from patients.queries import details, entries, measures, notes, pages, wording
from patients.queries.chart import Chart
from patients.queries.entries import Shown
from patients.queries.kinds import BY_KEY
from security.access.permissions import Permission
from security.sealing import SealBroken

# What stands is sealed, so it is found by opening these; all that stands is shown, for a problem or a
# medicine that is left out in silence harms.
OPENED = 200
RESULTS = 8
VISITS = 5
STANDING = {"active", "recurrence", "relapse", "on-hold"}
WRONG = {"refuted", "entered-in-error", "cancelled"}


def of(chart: Chart, allergies: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return the parts of the summary; None for a part that is not for this reader."""
    shown: dict[str, Any] = {
        "problems": None,
        "allergies": allergies,
        "medications": None,
        "results": None,
        "notes": None,
        "visits_coming": None,
        "visits_past": None,
        "contacts": details.contacts(chart),
        "identifiers": details.identifiers(chart),
    }
    if not chart.may(Permission.CLINICAL_READ):
        return shown
    return shown | {
        "problems": _standing(chart, "conditions", _problem),
        "medications": _standing(chart, "medications", _medication),
        "results": _shown(chart, _newest(chart, "observations")[: 2 * RESULTS], _result)[:RESULTS],
        "notes": notes.recent(chart),
        **_visits(chart),
    }


def _newest(chart: Chart, key: str) -> QuerySet[Any]:
    rows = BY_KEY[key].rows(chart.patient.pk, chart.sees_restricted)
    return pages.newest_first(rows, "occurred_at", None)


def _standing(chart: Chart, key: str, present: Callable[[Any], Shown | None]) -> list[Shown]:
    return _shown(chart, _newest(chart, key)[:OPENED], present)


def _shown(
    chart: Chart, rows: Iterable[PatientRecord], present: Callable[[Any], Shown | None]
) -> list[Shown]:
    found = [_entry(row, present, chart.sees_restricted) for row in rows]
    return [entry for entry in found if entry is not None]


def _entry(
    row: PatientRecord, present: Callable[[Any], Shown | None], sees_restricted: bool
) -> Shown | None:
    if entries.is_locked(row, sees_restricted):
        return entries.LOCKED
    try:
        entries.uncover(row, sees_restricted=sees_restricted)
        shown = present(row)
    except SealBroken:
        return entries.BROKEN
    return shown and {"restricted": False, "broken": False} | shown


def _problem(row: Condition) -> Shown | None:
    if row.status not in STANDING or row.verification in WRONG:
        return None
    status = wording.status(row.status)
    return {
        "text": entries.named(row.code_text),
        "since": entries.when(row),
        "status": "" if row.status == "active" else status["text"],
        "tone": status["tone"],
    }


def _medication(row: MedicationRequest) -> Shown | None:
    if row.status not in STANDING:
        return None
    return {
        "text": entries.named(row.code_text),
        "dosage": entries.dosage(row),
        "since": wording.day(row.occurred_at),
        "status": "" if row.status == "active" else wording.status(row.status)["text"],
    }


def _result(row: Observation) -> Shown | None:
    if row.status in WRONG:
        return None
    day = wording.day(row.occurred_at)
    return {"text": entries.named(row.code_text), "at": day} | measures.measured(row)


def _visits(chart: Chart) -> dict[str, list[Shown]]:
    rows, now = BY_KEY["visits"].rows(chart.patient.pk, chart.sees_restricted), timezone.now()
    coming = rows.filter(occurred_at__gt=now).order_by("occurred_at", "pk")[:VISITS]
    past = rows.filter(occurred_at__lte=now).order_by("-occurred_at", "-pk")[:VISITS]
    return {
        "visits_coming": _shown(chart, coming, _visit),
        "visits_past": _shown(chart, past, _visit),
    }


def _visit(row: Encounter) -> Shown | None:
    if row.status in WRONG:
        return None
    return {
        "text": entries.visit_text(row),
        "at": wording.day(row.occurred_at),
        "reason": entries.visit_reason(row),
        **entries.visit_place(row),
    }
