"""The check-in board: who is expected today, who waits, who is with whom; and lists of one patient."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Appointment, SlotOffer, WaitingEntry
from engagement.queries import agenda
from patients.models import Patient
from patients.queries import colleagues, desk
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

PAGE = 20
State = Appointment.State
# What the board shows in which order: the states, the heading.
GROUPS = (
    ("here", (State.ARRIVED,), _("Waiting here")),
    ("expected", (State.BOOKED, State.PROPOSED), _("Still to come")),
    ("inside", (State.STARTED,), _("With the clinician")),
    ("done", (State.FULFILLED,), _("Done")),
    ("missed", (State.NOSHOW,), _("Did not come")),
)
# What may be said next of an appointment, by how it stands.
NEXT = {
    State.PROPOSED: ("check_in", "miss"),
    State.BOOKED: ("check_in", "miss"),
    State.ARRIVED: ("start", "finish"),
    State.STARTED: ("finish",),
    State.NOSHOW: ("check_in",),
}


def page(reader: User, clinician_id: UUID | None) -> dict[str, Any]:
    """Return today's appointments of patients whom the reader may know, by how they stand."""
    where = clocks.zone()
    start, end = clocks.span(clocks.today(where), clocks.today(where), where)
    rows = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end)
    if clinician_id is not None:
        rows = rows.filter(clinician_id=clinician_id)
    found = lines(reader, rows.exclude(state=State.CANCELLED).order_by("starts_at", "pk"))
    groups = []
    for key, states, label in GROUPS:
        shown = [line for line in found if line["state"] in states]
        groups.append({"key": key, "label": label, "rows": shown, "count": len(shown)})
    return {
        "groups": groups,
        "label": clocks.day_words(clocks.today(where), where),
        "now": clocks.clock(timezone.now(), where),
        "people": [
            {"id": user_id, "name": name, "chosen": user_id == clinician_id}
            for user_id, name in agenda.people()
        ],
        "is_empty": not found,
    }


def lines(reader: User, rows: QuerySet[Appointment]) -> list[dict[str, Any]]:
    """Return appointments as lines, without those of patients the reader may not know of."""
    found, where = list(rows.select_related("service", "room").defer("sealed")), clocks.zone()
    known = desk.whom(reader, {row.patient_id for row in found})
    names = colleagues.names_of({row.clinician_id for row in found})
    return [
        line(row, known[row.patient_id], names.get(row.clinician_id, ""), where)
        for row in found
        if row.patient_id in known
    ]


def line(
    row: Appointment, patient: dict[str, Any], clinician: str, where: ZoneInfo
) -> dict[str, Any]:
    """Return one appointment as a line of a list."""
    now = timezone.now()
    waits = int((now - row.arrived_at).total_seconds() // 60) if row.arrived_at else 0
    is_late = row.state in Appointment.AHEAD and row.starts_at < now
    return agenda.facts(row) | {
        "at": clocks.written(row.starts_at),
        "state": row.state,
        "patient": patient,
        "clinician": clinician,
        "day": clocks.day_words(row.starts_at, where),
        "starts": clocks.clock(row.starts_at, where),
        "ends": clocks.clock(row.ends_at, where),
        "waits": waits if row.state == State.ARRIVED else None,
        "late": int((now - row.starts_at).total_seconds() // 60) if is_late else None,
        "next": [one for one in NEXT.get(State(row.state), ()) if one != "miss" or is_late],
        "url": reverse("engagement:appointment", args=[row.patient_id, row.pk]),
    }


def of_patient(reader: User, patient_id: UUID, *, after: str = "") -> dict[str, Any]:
    """Return one patient's appointments: what lies ahead, and page by page what was."""
    rows = Appointment.objects.filter(patient_id=patient_id)
    now = timezone.now()
    ahead = rows.filter(ends_at__gte=now).exclude(state__in=Appointment.GIVEN_UP)
    past = rows.exclude(pk__in=ahead.values("pk")).order_by("-starts_at", "-pk")
    written, _mark, row_id = after.partition("_")
    place, last_id = clocks.read(written), agenda.read_id(row_id)
    if place is not None and last_id is not None:
        past = past.filter(Q(starts_at__lt=place) | Q(starts_at=place, pk__lt=last_id))
    older = lines(reader, past[: PAGE + 1])
    last = older[PAGE - 1] if len(older) > PAGE else None
    return {
        "ahead": [] if place else lines(reader, ahead.order_by("starts_at", "pk")),
        "past": older[:PAGE],
        "next_url": f"?after={last['at']}_{last['id']}" if last else None,
        "waiting": waiting(reader, WaitingEntry.objects.filter(patient_id=patient_id)),
    }


def find(patient_id: UUID, appointment_id: UUID) -> Appointment:
    """Return an appointment of a patient; raise Appointment.DoesNotExist."""
    rows = Appointment.objects.select_related("service", "room", "clinician", "booked_by")
    found: Appointment = rows.get(pk=appointment_id, patient_id=patient_id)
    return found


def shown(row: Appointment) -> dict[str, Any]:
    """Return one appointment with everything that is said of it."""
    where = clocks.zone()
    steps = (
        (_("Booked"), row.created_at), (_("Confirmed"), row.confirmed_at), (_("Arrived"), row.arrived_at),
        (_("Taken in"), row.started_at), (_("Done"), row.done_at), (_("Cancelled"), row.cancelled_at),
    )  # fmt: skip
    said: dict[str, Any] = {"note": "", "cancel_reason": "", "broken": False}
    try:
        said |= {"note": row.note, "cancel_reason": row.cancel_reason}
    except SealBroken:
        said["broken"] = True
    names = colleagues.names_of({one for one in (row.clinician_id, row.booked_by_id) if one})
    return agenda.facts(row) | said | {
        "state": row.state,
        "day": clocks.day_words(row.starts_at, where),
        "starts": clocks.clock(row.starts_at, where),
        "ends": clocks.clock(row.ends_at, where),
        "clinician": names.get(row.clinician_id, ""),
        "booked_by": names.get(row.booked_by_id, "") if row.booked_by_id else "",
        "steps": [(label, clocks.words(at, where)) for label, at in steps if at],
        "is_ahead": row.state in Appointment.AHEAD,
        "next": [
            one for one in NEXT.get(State(row.state), ())
            if one != "miss" or row.starts_at <= timezone.now()
        ],
    }  # fmt: skip


def waiting_page(reader: User) -> dict[str, Any]:
    """Return who waits, longest first, and which times are offered to whom."""
    known = Patient.objects.visible_to(reader, Category.APPOINTMENTS)
    rows = WaitingEntry.objects.filter(patient__in=known.values("pk"))
    return {"rows": waiting(reader, rows)}


def waiting(reader: User, rows: QuerySet[WaitingEntry]) -> list[dict[str, Any]]:
    """Return waiting patients with the open offers made to them; a constant number of queries."""
    found = list(
        rows.filter(state=WaitingEntry.State.WAITING)
        .select_related("service")
        .defer("sealed")
        .order_by("created_at", "pk")[:200]
    )
    made = SlotOffer.objects.filter(entry_id__in=[one.pk for one in found], state="open")
    offers = list(made.select_related("room").order_by("starts_at", "pk"))
    known = desk.whom(reader, {one.patient_id for one in found})
    ids = {one.clinician_id for one in found if one.clinician_id}
    ids |= {one.clinician_id for one in offers}
    names, where = colleagues.names_of(ids), clocks.zone()
    return [
        {
            "id": one.pk,
            "version": one.version,
            "patient_id": one.patient_id,
            "patient": known[one.patient_id],
            "service": one.service.label,
            "clinician": names.get(one.clinician_id, "") if one.clinician_id else "",
            "part": one.get_part_display(),
            "first_on": one.first_on,
            "last_on": one.last_on,
            "since": clocks.day_words(one.created_at, where),
            "offers": [
                {
                    "id": offer.pk,
                    "when": clocks.words(offer.starts_at, where),
                    "clinician": names.get(offer.clinician_id, ""),
                    "room": offer.room.label if offer.room else "",
                }
                for offer in offers
                if offer.entry_id == one.pk
            ],
        }
        for one in found
        if one.patient_id in known
    ]
