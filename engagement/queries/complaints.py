"""Complaints as their desk shows them: the queue by day, one case, and what they are about over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from audit import persons, working_days
from audit.queries import staff
from audit.working_days import Days
from consent import clocks
from engagement.models import Complaint
from engagement.models.complaint import ComplaintQuerySet
from patients.models import StaffLink
from security.access.decision import actor_refusal
from security.access.permissions import Permission
from security.models import User
from security.models.user import UserQuerySet
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken

# Whoever keeps in touch works on complaints, and so does the compliance desk.
WORK = (Permission.CAMPAIGNS_WRITE, Permission.RIGHTS_MANAGE)
PAGE = 25
SHOWS = ("open", "late", "mine", "unassigned", "closed")
PEOPLE = ("owner", "noted_by", "closed_by")
TONES = {"upheld": "warn", "partly": "info", "not_upheld": "neutral", "noted": "good"}
KIND_TONES = {"complaint": "warn", "suggestion": "info", "praise": "good"}
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Here:
    """Today at the clinic, and its working days: asked for once a page."""

    today: date
    days: Days


def here() -> Here:
    """Return today at the clinic and its working days."""
    return Here(clocks.local_day(timezone.now(), working_days.zone()), working_days.days())


def owners() -> UserQuerySet:
    """Return the colleagues who work on complaints."""
    one, other = (staff.who_hold(permission) for permission in WORK)
    found: UserQuerySet = User.objects.filter(
        Q(pk__in=one.values("pk")) | Q(pk__in=other.values("pk"))
    )
    return found


def may_own(user: User) -> bool:
    """Tell whether somebody works on complaints."""
    return owners().filter(pk=user.pk).exists() and actor_refusal(user) is None


def owner_choices() -> list[tuple[str, str]]:
    """Return the colleagues who work on complaints, by name."""
    rows = owners().only("handle", "sealed_card")
    return sorted(((str(user.pk), called(user)) for user in rows), key=lambda pair: pair[1])


def visible(user: User) -> ComplaintQuerySet:
    """Return the cases that somebody may see: never those about the own record or that of close family."""
    own = StaffLink.objects.in_force().filter(user_id=user.pk).values("patient_id")
    rows: ComplaintQuerySet = Complaint.objects.exclude(patient__isnull=False, patient_id__in=own)
    return rows


def find(user: User, complaint_id: UUID) -> Complaint:
    """Return a case that somebody may see; raise Complaint.DoesNotExist."""
    row: Complaint = visible(user).select_related(*PEOPLE).get(pk=complaint_id)
    return row


def page(user: User, *, show: str, theme: str = "", after: str = "") -> Shown:
    """Return one page of the queue, what is due first in front; closed ones the newest first."""
    now = here()
    rows = visible(user).filter(**({"theme": theme} if theme else {}))
    rows, place = rows.select_related("owner").defer("sealed"), Place.read(after)
    if show == "closed":
        ordered = descending(rows.filter(closed_at__isnull=False), "closed_at", place)
    else:
        ordered = _queue(_narrowed(rows.open(), show, user, now.today), place)
    found = list(ordered[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    names = names_of(user, shown)
    return {
        "rows": [line(row, names, now) for row in shown],
        "next": Place(_at(last, show), last.pk).text() if last else "",
    }


def _narrowed(rows: QuerySet[Complaint], show: str, user: User, today: date) -> QuerySet[Complaint]:
    narrow = {
        "late": Q(due_on__lt=today),
        "mine": Q(owner_id=user.pk),
        "unassigned": Q(owner__isnull=True),
    }
    return rows.filter(narrow.get(show, Q()))


def _queue(rows: QuerySet[Complaint], place: Place | None) -> QuerySet[Complaint]:
    ordered = rows.order_by("due_on", "pk")
    if place is None or place.at is None:
        return ordered
    day = place.at.date()
    return ordered.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=place.id))


def _at(row: Complaint, show: str) -> datetime | None:
    if show == "closed":
        return row.closed_at
    return datetime.combine(row.due_on, time(), tzinfo=UTC)


def counts(user: User) -> Mapping[str, int]:
    """Return how many open cases there are to each view of the queue, with one query."""
    today = here().today
    return (
        visible(user)
        .open()
        .aggregate(
            open=Count("pk"),
            late=Count("pk", filter=Q(due_on__lt=today)),
            mine=Count("pk", filter=Q(owner_id=user.pk)),
            unassigned=Count("pk", filter=Q(owner=None)),
        )
    )


def waiting(user: User) -> int:
    """Return how many cases wait for somebody, or for anybody."""
    rows = visible(user).open().filter(Q(owner_id=user.pk) | Q(owner=None))
    return rows.count()


def names_of(user: User, rows: Sequence[Any]) -> Mapping[UUID, tuple[str, str]]:
    """Return how a reader sees the patients of some rows, and where they are."""
    ids = {row.patient_id for row in rows if row.patient_id}
    seen = persons.register().shown(user, ids) if ids else {}
    return {one: (shown.name, shown.url) for one, shown in seen.items()}


def line(row: Complaint, names: Mapping[UUID, tuple[str, str]], now: Here) -> Shown:
    """Return one case as a row of a list; its words stay closed."""
    left, tone = time_left(row, now)
    return {
        "id": row.pk,
        "number": row.number,
        "kind": row.get_kind_display(),
        "kind_tone": KIND_TONES[row.kind],
        "theme": row.get_theme_display(),
        "way": row.get_way_display(),
        "received_at": row.received_at,
        "due_on": row.due_on,
        "left": left,
        "tone": tone,
        "owner": called(row.owner),
        "closed_at": row.closed_at,
        "outcome": row.get_outcome_display() if row.outcome else "",
        "outcome_tone": TONES.get(row.outcome, "neutral"),
        "is_extended": row.extended_at is not None,
    } | _person(row, names)


def _person(row: Complaint, names: Mapping[UUID, tuple[str, str]]) -> Shown:
    if row.patient_id is None:
        return {"name": "", "patient_url": "", "pseudonym": ""}
    name, url = names.get(row.patient_id, ("", ""))
    return {"name": name, "patient_url": url, "pseudonym": persons.pseudonym(row.patient_id)}


def one(user: User, row: Complaint) -> Shown:
    """Return one case as its page shows it, with its words."""
    shown = line(row, names_of(user, [row]), here())
    shown |= {
        "version": row.version,
        "noted_at": row.noted_at,
        "noted_by": called(row.noted_by),
        "closed_by": called(row.closed_by),
        "answer_way": row.get_answer_way_display() if row.answer_way else "",
        "extended_at": row.extended_at,
        "may_extend": row.extended_at is None and here().today <= row.due_on,
        "is_broken": False,
    }
    sealed = ("words", "contact", "extension", "finding", "answer")
    try:
        return shown | {name: getattr(row, name) or "" for name in sealed}
    except SealBroken:
        return shown | dict.fromkeys(sealed, "") | {"is_broken": True}


def time_left(row: Complaint, now: Here) -> tuple[str, str]:
    """Return what is left of the time of a case, and a tone."""
    if row.closed_at is not None:
        return "", ""
    if row.due_on == now.today:
        return gettext("due today"), "danger"
    left = clocks.working_days_left(now.today, row.due_on, now.days)
    if row.due_on < now.today:
        words = ngettext("%(days)d working day late", "%(days)d working days late", -left)
        return words % {"days": -left}, "danger"
    words = ngettext("%(days)d working day left", "%(days)d working days left", left)
    return words % {"days": left}, "warn" if left <= 1 else "neutral"
