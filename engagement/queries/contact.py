"""How one person is written to: wishes, open ways, and what became of the latest messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose
from consent.queries import grants, limits, register, standing
from consent.queries.register import NEVER_WAITS
from engagement.models import ContactPreference, Reminder, Reply
from engagement.queries import moments, preferences, ways
from patients.models import Patient
from patients.queries import wording
from patients.queries.chart import Chart
from security.access.permissions import Permission
from security.classification import SubjectKind
from security.delivery import desk
from security.models import OutboxMessage
from security.sealing import SealBroken

SHOWN = 20
LATEST = 12


def page(chart: Chart) -> dict[str, Any]:
    """Return what the tab of one patient shows."""
    patient = chart.patient
    return {
        "wish": wish(patient),
        "channels": _channels(patient),
        "purposes": _purposes(patient.pk),
        "reminders": _reminders(patient.pk),
        "messages": _messages(patient.pk),
        "replies": _replies(patient.pk) if chart.may(Permission.APPOINTMENTS_READ) else (),
        "may_write": chart.may(Permission.DEMOGRAPHICS_WRITE),
        "may_answer": chart.may(Permission.APPOINTMENTS_WRITE),
    }


def wish(patient: Patient) -> dict[str, Any]:
    """Return what the person wishes, in words."""
    row = ContactPreference.objects.filter(patient_id=patient.pk).first()
    quiet = moments.quiet_of([patient.pk])[patient.pk]
    shown: dict[str, Any] = {
        "row": row,
        "channels": [desk.CHANNELS.get(one, one) for one in (row.channels if row else ())],
        "quiet": quiet,
        "quiet_is_own": bool(row and row.quiet),
        "language": "",
        "note": "",
        "broken": False,
    }
    try:
        code = (row.language if row else "") or patient.language or ""
        shown["language"] = wording.language(code) if code else ""
        shown["note"] = (row.note if row else "") or ""
    except SealBroken:
        shown["broken"] = True
    return shown


def _channels(patient: Patient) -> list[dict[str, Any]]:
    found = []
    for one in preferences.USUAL:
        try:
            is_known = one == "portal" or bool(ways.address_of(patient, one))
        except SealBroken:
            is_known = False
        found.append({"label": desk.CHANNELS[one], "is_known": is_known})
    return found


def _purposes(patient_id: UUID) -> list[dict[str, Any]]:
    """Return for which purposes the person may be written to by which ways; a fixed number of queries."""
    # Those by which people are written to; others are asked for each recipient.
    rows = ProcessingPurpose.objects.active().filter(channels__overlap=list(ways.ASKED_AS.values()))
    labels = {one.pk: one.label for one in rows}
    known = [one for one in register.active() if one.id in labels and one.key not in NEVER_WAITS]
    said = grants.of({patient_id}, [one.id for one in known])
    held, now = limits.of({patient_id}).get(patient_id, ()), timezone.now()
    found = []
    for one in known:
        granted = said.get((patient_id, one.id), ())
        open_ways = [
            desk.CHANNELS[channel]
            for channel in ("sms", "wechat", "email", "letter")
            if standing.standing(one, granted, held, ways.ASKED_AS[channel], now).allowed
        ]
        found.append({"label": labels[one.id], "ways": open_ways})
    return found


WHY: Mapping[str, Promise] = {
    "late": _("It would have come too late."),
    "overtaken": _("A nearer reminder was due as well."),
    "quiet": _("It fell into hours in which nothing is sent."),
    "gone": _("The appointment was moved, or is over."),
    "consent": _("The person does not allow it."),
    ways.NO_ADDRESS: _("There is no address for this way of sending."),
    ways.NOT_WISHED: _("The person does not wish to be written to in this way."),
    "channel": _("This way of sending is not set up."),
    "deceased": _("The person has died."),
    "unreadable": _("The record can not be opened, so nothing is sent."),
}


def _reminders(patient_id: UUID) -> list[dict[str, Any]]:
    rows = Reminder.objects.filter(patient_id=patient_id).defer("sealed")
    found = rows.exclude(state=Reminder.State.DROPPED).order_by("-starts_at", "hours")[:LATEST]
    return [
        {
            "starts_at": row.starts_at,
            "due_at": row.due_at if row.state == Reminder.State.PLANNED else None,
            "state": row.get_state_display(),
            "tone": "danger" if row.state == Reminder.State.UNREACHED else "info",
            "why": WHY.get(row.why, ""),
            "channel": desk.CHANNELS.get(row.channel, ""),
        }
        for row in found
    ]


def _messages(patient_id: UUID) -> list[dict[str, Any]]:
    rows = OutboxMessage.objects.defer("sealed").filter(
        subject_id=patient_id, recipient_kind=SubjectKind.PATIENT
    )
    return [desk.described(row) for row in rows.order_by("-created_at", "-pk")[:LATEST]]


def _replies(patient_id: UUID) -> list[dict[str, Any]]:
    rows = Reply.objects.filter(patient_id=patient_id).order_by("-received_at", "-pk")[:LATEST]
    return [reply(row) for row in rows]


def reply(row: Reply) -> dict[str, Any]:
    """Return one answer as a line of a list."""
    shown: dict[str, Any] = {
        "id": row.pk,
        "received_at": row.received_at,
        "channel": desk.CHANNELS.get(row.channel, row.channel),
        "meaning": row.get_meaning_display(),
        "is_done": row.done_at is not None,
        "text": "",
        "broken": False,
    }
    try:
        return shown | {"text": row.text}
    except SealBroken:
        return shown | {"broken": True}
