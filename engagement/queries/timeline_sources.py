"""What of calls, visits, tasks, consents and requests stands in the timeline of a relationship."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent.models import ConsentEvent, RightsRequest
from engagement import timeline
from engagement.models import Area, Interaction, Task
from engagement.queries import areas
from engagement.timeline import Line, Source
from patients.models import Encounter
from patients.queries import entries
from security.access.permissions import Permission
from security.people import called
from security.sealing import SealBroken

CALLS, VISITS, TASKS = _("Calls and contacts"), _("Visits"), _("Tasks")
CONSENTS, REQUESTS = _("Consents"), _("Requests")
BROKEN: Promise = _("Unavailable")
OUTCOME_TONES = {"reached": "good", "not_reached": "neutral"}
CONSENT_TONES = {"granted": "good", "withdrawn": "warn", "declined": "neutral"}


def _lines(rows: Sequence[Any], make: Callable[[Any], Line], at: str) -> list[Line]:
    """Return rows as lines; one whose seal is broken says no more than that."""
    found = []
    for row in rows:
        try:
            found.append(make(row))
        except SealBroken:
            found.append(Line(getattr(row, at), row.pk, str(BROKEN), tone="danger"))
    return found


# --- calls ----------------------------------------------------------------------------------


def _calls(area: str) -> timeline.Read:
    def read(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
        rows = Interaction.objects.filter(
            patient_id=patient_id, area=area, occurred_at__lt=before
        ).select_related("noted_by")
        return _lines(list(rows.order_by("-occurred_at", "-pk")[:most]), _call, "occurred_at")

    return read


def _call(row: Interaction) -> Line:
    then = gettext("Next: %(step)s") % {"step": row.next_step} if row.next_step else ""
    return Line(
        at=row.occurred_at,
        row_id=row.pk,
        title=f"{row.get_kind_display()}: {row.get_outcome_display()}",
        text=entries.joined(row.summary, then),
        who=called(row.noted_by),
        tone=OUTCOME_TONES.get(row.outcome, "warn"),
    )


# --- visits ---------------------------------------------------------------------------------


def _visits(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    """Return visits; of a specially protected one only that it was."""
    rows = Encounter.objects.filter(patient_id=patient_id, occurred_at__lt=before)
    found = rows.defer("sealed", "sealed_restricted").order_by("-occurred_at", "-pk")[:most]
    return _lines(list(found), _visit, "occurred_at")


def _visit(row: Encounter) -> Line:
    is_protected = row.is_protected
    name = gettext("Specially protected") if is_protected else entries.named(row.type_text)
    # Found by its instant: the filter leaves out what has none.
    at: Any = row.occurred_at
    return Line(at=at, row_id=row.pk, title=name, tone="vip" if is_protected else "neutral")


# --- tasks ----------------------------------------------------------------------------------


def _tasks(area: str) -> timeline.Read:
    def read(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
        rows = Task.objects.filter(
            patient_id=patient_id, area=area, done_at__lt=before
        ).select_related("done_by")
        return _lines(list(rows.order_by("-done_at", "-pk")[:most]), _task, "done_at")

    return read


def _task(row: Task) -> Line:
    is_done = row.state == Task.State.DONE
    title = gettext("%(title)s: done") if is_done else gettext("%(title)s: given up")
    at: Any = row.done_at
    return Line(
        at=at,
        row_id=row.pk,
        title=title % {"title": row.label},
        text=row.result or "",
        who=called(row.done_by),
        url=reverse("engagement:task", args=[row.pk]),
        tone="good" if is_done else "neutral",
    )


# --- consents and requests ------------------------------------------------------------------


def _consents(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    rows = ConsentEvent.objects.filter(patient_id=patient_id, given_at__lt=before)
    rows = rows.select_related("consent__purpose").defer("sealed").order_by("-given_at", "-pk")
    return [_consent(row) for row in rows[:most]]


def _consent(row: ConsentEvent) -> Line:
    return Line(
        at=row.given_at,
        row_id=row.pk,
        title=f"{row.consent.purpose.label}: {row.get_kind_display()}",
        url=reverse("consent:consent", args=[row.patient_id, row.consent_id]),
        tone=CONSENT_TONES.get(row.kind, "neutral"),
    )


def _requests(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    ids = persons.register().former(patient_id)
    rows = RightsRequest.objects.filter(subject_id__in=ids, received_at__lt=before)
    found = rows.defer("sealed").order_by("-received_at", "-pk")[:most]
    return [
        Line(
            at=row.received_at,
            row_id=row.pk,
            title=f"{row.get_kind_display()}: {row.get_state_display()}",
            text=gettext("due %(day)s") % {"day": date_format(row.due_on)} if row.due_on else "",
            url=reverse("consent:request", args=[row.pk]),
        )
        for row in found
    ]


def install() -> None:
    """Add these sources; what is of one area is seen by whoever reads that area."""
    for area in Area.values:
        permission = areas.READS[area]
        timeline.add(Source(f"calls.{area}", CALLS, "phone", permission, _reads[area][0]))
    timeline.add(Source("visits", VISITS, "building-hospital", Permission.CLINICAL_READ, _visits))
    for area in Area.values:
        permission = areas.READS[area]
        timeline.add(Source(f"tasks.{area}", TASKS, "clipboard-check", permission, _reads[area][1]))
    timeline.add(
        Source("consents", CONSENTS, "file-certificate", Permission.CONSENT_READ, _consents)
    )
    timeline.add(Source("requests", REQUESTS, "inbox", Permission.RIGHTS_READ, _requests))


# Made once: a source is the same one however often it is added.
_reads = {area: (_calls(area), _tasks(area)) for area in Area.values}
