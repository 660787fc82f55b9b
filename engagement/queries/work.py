"""What is to be done: the own list by day, the board of the team, and how a task is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit import working_days
from engagement.models import Task
from engagement.queries import areas, executors
from patients.models import Patient
from patients.names import phone_numbers
from patients.queries import people
from patients.queries.chart import Chart
from patients.queries.colleagues import unit_name
from security.classification import Category
from security.models import User
from security.pages import Place, ascending, descending
from security.people import called
from security.sealing import SealBroken

PAGE = 25
MOST_ON_BOARD = 200
SHOWS = ("today", "coming", "free", "done")
STATE_TONES = {"open": "info", "done": "good", "cancelled": "neutral"}
ICONS = {
    "other": "clipboard-check", "assign": "user-plus", "record": "file-text", "call": "phone",
    "visit": "calendar-plus", "questions": "list-check",
}  # fmt: skip
SOON = timedelta(days=7)
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Today:
    """The day it is at the clinic, and the instants between which it lies."""

    day: date
    zone: ZoneInfo
    begins: datetime
    ends: datetime


def today() -> Today:
    """Return what day it is at the clinic now."""
    zone = working_days.zone()
    day = timezone.localdate(timezone=zone)
    begins = datetime.combine(day, time(), tzinfo=zone)
    return Today(day, zone, begins, datetime.combine(day + timedelta(days=1), time(), tzinfo=zone))


# --- the own list ---------------------------------------------------------------------------


def page(user: User, *, show: str, after: str = "") -> Shown:
    """Return one page of the own list; what is due first in front, what is done the newest first."""
    now, place = today(), Place.read(after)
    rows = _shown(user, show, now).select_related("assignee", "unit")
    if show == "done":
        ordered, column = descending(rows, "done_at", place), "done_at"
    else:
        ordered, column = ascending(rows, "due_at", place), "due_at"
    found = list(ordered[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return {
        "rows": lines(user, found[:PAGE], now),
        "next": Place(getattr(last, column), last.pk).text() if last else "",
    }


def _shown(user: User, show: str, now: Today) -> QuerySet[Task]:
    rows = areas.visible(user)
    match show:
        case "coming":
            return rows.open().filter(assignee=user, due_at__gte=now.ends)
        case "free":
            return rows.open().filter(_free(user))
        case "done":
            return rows.filter(done_by=user).exclude(state=Task.State.OPEN)
    return rows.open().filter(assignee=user, due_at__lt=now.ends)


def _free(user: User) -> Q:
    """Return what nobody has yet: of the own units, or of nobody's."""
    units = [unit.pk for unit in executors.units_of(user)]
    return Q(assignee=None) & (Q(unit=None) | Q(unit__in=units))


def counts(user: User) -> Mapping[str, int]:
    """Return how many tasks there are to each view of the own list, with one query."""
    now, mine = today(), Q(assignee=user)
    return (
        areas.visible(user)
        .open()
        .aggregate(
            late=Count("pk", filter=mine & Q(due_at__lt=now.begins)),
            today=Count("pk", filter=mine & Q(due_at__lt=now.ends)),
            coming=Count("pk", filter=mine & Q(due_at__gte=now.ends)),
            free=Count("pk", filter=_free(user)),
        )
    )


def waits(user: User) -> int:
    """Return how many of somebody's tasks are due today or late; whatever else is open of them."""
    return areas.open_of(user).filter(due_at__lt=today().ends).count()


# --- the board ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the board is wanted: of one unit, of one area, or everything."""

    unit: str = ""
    area: str = ""


def board(user: User, asked: Asked) -> Shown:
    """Return who has what to do: nobody's first, then by colleague; what is late in front."""
    now = today()
    rows = areas.visible(user).open().select_related("assignee", "unit")
    if asked.area:
        rows = rows.filter(area=asked.area)
    if asked.unit:
        people_of = executors.members([UUID(asked.unit)]).get(UUID(asked.unit), [])
        rows = rows.filter(Q(unit=asked.unit) | Q(assignee__in=people_of))
    found = list(rows.order_by("due_at", "pk")[: MOST_ON_BOARD + 1])
    shown = lines(user, found[:MOST_ON_BOARD], now)
    return {"columns": _columns(shown), "is_more": len(found) > MOST_ON_BOARD}


def _columns(shown: Sequence[Shown]) -> list[Shown]:
    columns: dict[str, list[Shown]] = {}
    for one in shown:
        columns.setdefault(one["assignee"] or one["unit"], []).append(one)
    return [
        {
            "name": name or gettext("Nobody yet"),
            "rows": rows,
            "late": sum(row["is_late"] for row in rows),
            "count": len(rows),
        }
        for name, rows in sorted(columns.items())
    ]


def choices(user: User) -> list[tuple[str, str | Promise]]:
    """Return the units of which somebody may narrow the board."""
    mine = [(str(unit.pk), unit_name(unit)) for unit in executors.units_of(user)]
    return [("", _("Everything open to me")), *mine]


# --- one task -------------------------------------------------------------------------------


def lines(user: User, rows: Sequence[Task], now: Today) -> list[Shown]:
    """Return tasks as rows of a list, with their patients as the reader may see them."""
    seen = named(user, {row.patient_id for row in rows})
    return [line(row, now) | {"patient": seen.get(row.patient_id)} for row in rows]


def named(user: User, patient_ids: Iterable[UUID]) -> dict[UUID, Shown]:
    """Return how patients are shown to a reader; who may not be known of is not there."""
    known = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    patients = list(known.filter(pk__in=set(patient_ids)).only(*people.CARD))
    seen = people.sights(user, [one.pk for one in patients])
    return {one.pk: people.row(one, seen[one.pk]) for one in patients if one.pk in seen}


def line(row: Task, now: Today) -> Shown:
    """Return one task; a broken seal leaves it without words."""
    day = timezone.localtime(row.due_at, now.zone).date()
    is_open = row.state == Task.State.OPEN
    shown: Shown = {
        "id": row.pk,
        "version": row.version,
        "area": row.get_area_display(),
        "duty": row.get_duty_display(),
        "icon": ICONS[row.duty],
        "due_on": day,
        "left": _left(day, now.day) if is_open else "",
        "tone": _tone(day, now.day),
        "is_late": is_open and day < now.day,
        "is_open": is_open,
        "is_escalated": is_open and row.escalated_at is not None,
        "state": row.get_state_display(),
        "state_tone": STATE_TONES[row.state],
        "assignee": called(row.assignee),
        "unit": unit_name(row.unit),
        "done_at": row.done_at,
        "broken": False,
    }
    try:
        return shown | {"title": row.label}
    except SealBroken:
        return shown | {"broken": True, "title": ""}


def _left(day: date, now: date) -> str:
    days = (day - now).days
    if days < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
    if days == 0:
        return gettext("today")
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def _tone(day: date, now: date) -> str:
    return "danger" if day < now else "warn" if day == now else "neutral"


def of_patient(user: User, patient_id: UUID) -> list[Shown]:
    """Return the open tasks about one patient that somebody may work on, what is due first in front."""
    rows = areas.visible(user).open().filter(patient_id=patient_id)
    found = rows.select_related("assignee", "unit").order_by("due_at", "pk")[:PAGE]
    now = today()
    return [line(row, now) for row in found]


def phones(chart: Chart) -> list[str]:
    """Return the numbers under which a patient is called, for who may read them."""
    if chart.is_masked:
        return []
    try:
        return phone_numbers(chart.patient.telecoms)
    except SealBroken:
        return []


def details(row: Task) -> Shown:
    """Return what else a task says on its own page."""
    try:
        return {"note": row.note or "", "result": row.result or "", "questions": row.questions}
    except SealBroken:
        return {"note": "", "result": "", "questions": ""}
