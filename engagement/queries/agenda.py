"""The calendar as columns: a day of several people, or a week of one; names as far as the reader may know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.queries import calendar
from engagement import clocks
from engagement.models import Absence, Appointment, ServicePractitioner
from engagement.queries import hours, slots
from engagement.queries.hours import Stretch
from patients.queries import colleagues, desk
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User

TONES = {
    "proposed": "info", "booked": "neutral", "arrived": "warn", "started": "info",
    "fulfilled": "good", "cancelled": "neutral", "noshow": "danger",
}  # fmt: skip
KINDS = dict(Absence.Kind.choices)
# How long something takes, as a step of its height.
SIZES = ((20, "xs"), (40, "s"), (75, "m"))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: whose, which day, and what stands above it."""

    user_id: UUID
    day: date
    head: str
    note: str = ""
    url: str = ""


def may_plan(reader: User) -> bool:
    """Tell whether somebody books appointments."""
    return reach_of_user(reader, Permission.APPOINTMENTS_WRITE) is not Reach.NONE


def people() -> list[tuple[UUID, str]]:
    """Return who gives appointments, by name."""
    ids = ServicePractitioner.objects.filter(is_active=True, user__is_active=True)
    names = colleagues.names_of(set(ids.values_list("user_id", flat=True)))
    return sorted(names.items(), key=lambda pair: pair[1])


def day_page(reader: User, day: date, clinician_id: UUID | None) -> dict[str, Any]:
    """Return one day of everybody who gives appointments, or of one."""
    known = people()
    shown = [pair for pair in known if clinician_id in (None, pair[0])]
    heads = [Column(user_id, day, name, url=week_url(user_id, day)) for user_id, name in shown]
    where = clocks.zone()
    return {
        "columns": columns(reader, heads, day, day),
        "day": day,
        "label": clocks.day_words(day, where),
        "is_holiday": hours.is_holiday(day, calendar.days()),
        "is_today": day == clocks.today(where),
        "before": day_url(day - timedelta(days=1), clinician_id),
        "after": day_url(day + timedelta(days=1), clinician_id),
        "today": day_url(clocks.today(where), clinician_id),
        "people": _options(known, clinician_id),
    }


def week_page(reader: User, day: date, clinician_id: UUID | None) -> dict[str, Any]:
    """Return the week of one person around a day."""
    known = people()
    own = {user_id for user_id, _name in known}
    if clinician_id not in own:
        mine = reader.pk if reader.pk in own else None
        clinician_id = mine or next((user_id for user_id, _name in known), None)
    monday = day - timedelta(days=day.weekday())
    where, off = clocks.zone(), calendar.days()
    days = [monday + timedelta(days=number) for number in range(7)]
    heads = [
        Column(
            clinician_id,
            one,
            clocks.day_words(one, where),
            str(_("Day off")) if hours.is_holiday(one, off) else "",
            day_url(one, clinician_id),
        )
        for one in days
        if clinician_id is not None
    ]
    return {
        "columns": columns(reader, heads, days[0], days[-1]),
        "day": monday,
        "label": f"{clocks.day_words(days[0], where)} – {clocks.day_words(days[-1], where)}",
        "is_today": monday <= clocks.today(where) <= days[-1],
        "before": week_url(clinician_id, monday - timedelta(days=7)),
        "after": week_url(clinician_id, monday + timedelta(days=7)),
        "today": week_url(clinician_id, clocks.today(where)),
        "people": _options(known, clinician_id),
    }


def _options(known: Sequence[tuple[UUID, str]], chosen: UUID | None) -> list[dict[str, Any]]:
    return [{"id": user_id, "name": name, "chosen": user_id == chosen} for user_id, name in known]


def day_url(day: date, clinician_id: UUID | None = None) -> str:
    """Return the address of a day."""
    return _url("engagement:day", day, clinician_id)


def week_url(clinician_id: UUID | None, day: date) -> str:
    """Return the address of a week."""
    return _url("engagement:week", day, clinician_id)


def _url(name: str, day: date, clinician_id: UUID | None) -> str:
    said = {"day": day.isoformat()} | ({"clinician": str(clinician_id)} if clinician_id else {})
    return f"{reverse(name)}?{urlencode(said)}"


def columns(reader: User, heads: Sequence[Column], first: date, last: date) -> list[dict[str, Any]]:
    """Return what stands in some columns; a constant number of queries."""
    if not heads:
        return []
    where, ids = clocks.zone(), {one.user_id for one in heads}
    span = clocks.span(first, last, where)
    rows = list(
        Appointment.objects.exclude(state=Appointment.State.CANCELLED)
        .filter(clinician_id__in=ids, starts_at__lt=span[1], ends_at__gt=span[0])
        .select_related("service", "room")
        .defer("sealed")
        .order_by("starts_at", "pk")
    )
    known = desk.whom(reader, {row.patient_id for row in rows})
    open_times = hours.stretches(ids, first, last)
    off, writes = hours.absences(ids, *span), may_plan(reader)
    found = []
    for head in heads:
        start, end = clocks.span(head.day, head.day, where)
        own = [
            row for row in rows if row.clinician_id == head.user_id and start <= row.starts_at < end
        ]
        theirs = [
            one
            for one in open_times
            if one.user_id == head.user_id and start <= one.starts_at < end
        ]
        away = [
            one
            for one in off
            if one.user_id in (None, head.user_id) and one.starts_at < end and one.ends_at > start
        ]
        items = [
            *(_booked(row, known, where, theirs) for row in own),
            *(_away(one, start, end, where) for one in away),
            *(_free(gap, where, writes=writes) for gap in gaps(theirs, own)),
        ]
        items.sort(key=lambda item: (item["at"], item["kind"]))
        found.append({"head": head, "items": items, "has_hours": bool(theirs or away)})
    return found


def gaps(open_times: Sequence[Stretch], rows: Collection[Appointment]) -> Iterator[Stretch]:
    """Yield what is free of somebody's hours from now on."""
    parts: list[Stretch] = list(open_times)
    for row in rows:
        if row.state not in Appointment.GIVEN_UP:
            parts = [rest for part in parts for rest in hours.cut(part, row.starts_at, row.ends_at)]
    now = slots.rounded(timezone.now())
    for part in parts:
        begins = max(part.starts_at, now)
        if part.ends_at - begins >= slots.GRID:
            yield Stretch(part.user_id, begins, part.ends_at, part.room_id)


def _spoken(start: datetime, end: datetime, where: ZoneInfo) -> dict[str, Any]:
    minutes = (end - start).total_seconds() / 60
    return {
        "at": start,
        "starts": clocks.clock(start, where),
        "ends": clocks.clock(end, where),
        "size": next((size for most, size in SIZES if minutes <= most), "l"),
    }


def _free(gap: Stretch, where: ZoneInfo, *, writes: bool) -> dict[str, Any]:
    said = {"clinician": str(gap.user_id), "at": clocks.written(gap.starts_at)}
    url = f"{reverse('engagement:whom')}?{urlencode(said)}" if writes else ""
    return _spoken(gap.starts_at, gap.ends_at, where) | {"kind": "free", "url": url}


def _away(one: Absence, start: datetime, end: datetime, where: ZoneInfo) -> dict[str, Any]:
    begins, ends = max(one.starts_at, start), min(one.ends_at, end)
    return _spoken(begins, ends, where) | {"kind": "away", "label": KINDS.get(one.kind, one.kind)}


def _booked(
    row: Appointment, known: Mapping[UUID, Any], where: ZoneInfo, open_times: Sequence[Stretch]
) -> dict[str, Any]:
    shown = _spoken(row.starts_at, row.ends_at, where)
    shown |= {"kind": "booked", "state": row.state, "patient": known.get(row.patient_id)}
    is_inside = any(one.starts_at <= row.starts_at < one.ends_at for one in open_times)
    # What was booked before somebody was away has to be moved.
    shown["astray"] = row.state in Appointment.AHEAD and not is_inside
    if shown["patient"] is None:
        return shown
    return (
        shown
        | facts(row)
        | {"url": reverse("engagement:appointment", args=[row.patient_id, row.pk])}
    )


def facts(row: Appointment) -> dict[str, Any]:
    """Return what a list says of an appointment besides whose it is."""
    return {
        "id": row.pk,
        "version": row.version,
        "patient_id": row.patient_id,
        "service": row.service.label,
        "room": row.room.label if row.room else "",
        "label": row.get_state_display(),
        "tone": TONES.get(row.state, "neutral"),
        "confirmed": row.confirmed_at is not None and row.state in Appointment.AHEAD,
    }


def read_day(text: str) -> date:
    """Read a day from an address; today where it is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return clocks.today()
    # Years in which a week still begins and ends.
    return found if 2000 <= found.year <= 2100 else clocks.today()


def read_id(text: str) -> UUID | None:
    """Read an id from an address; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
