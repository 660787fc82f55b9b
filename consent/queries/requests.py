"""Requests as the desk shows them: the queue by due date, whose they are, and what is left of the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext, ngettext

from audit import persons
from audit.queries import officers as accounts
from audit.working_days import Days
from consent import clocks
from consent.clocks import Clock
from consent.models import RightsRequest
from consent.models.rights import RightsRequestQuerySet
from consent.queries import calendar
from consent.queries.calendar import Here
from patients.models import Patient, StaffLink
from security import context
from security.access.categories import Reach
from security.access.decision import Decision, decide, reach_of_user
from security.access.permissions import Permission
from security.classification import Category, SubjectKind
from security.models import User
from security.pages import Place, descending
from security.people import called

READ, MANAGE = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE
PAGE = 25
PEOPLE = ("assigned_to", "noted_by", "identity_by", "closed_by")
SHOWS = ("open", "late", "mine", "unassigned", "closed")
LAW_NAMES = {"hipaa": "HIPAA", "gdpr": "GDPR", "pipl": "PIPL"}
TONES = {"granted": "good", "partly": "info", "refused": "warn"}
Shown = dict[str, Any]


def visible(user: User) -> RightsRequestQuerySet:
    """Return the requests that somebody may see: never the own, nor those of close family."""
    reach = reach_of_user(user, READ)
    rows: RightsRequestQuerySet = RightsRequest.objects.exclude(subject_id=user.pk)
    if reach is Reach.ALL:
        # A merge moves no request: what was asked about a record that is no more stays at the desk.
        own = StaffLink.objects.in_force().filter(user_id=user.pk).values("patient_id")
        return rows.exclude(subject_id__in=own)
    if reach is Reach.TEAM:
        known = Patient.objects.visible_to(user, Category.RIGHTS)
        return rows.filter(patient__in=known.values("pk"))
    return rows.none()


def find(user: User, request_id: UUID) -> RightsRequest:
    """Return a request that somebody may see; raise RightsRequest.DoesNotExist."""
    row: RightsRequest = visible(user).select_related(*PEOPLE, "repeats").get(pk=request_id)
    return row


def decision(user: User, row: RightsRequest) -> Decision | None:
    """Return the decision on the record that a request is about, where it is kept now; None for staff."""
    if row.patient_id is None:
        return None
    heir = persons.register().heirs([row.patient_id])[row.patient_id]
    return decide(user, READ, heir, context.current().purpose)


def page(user: User, *, show: str, kind: str = "", after: str = "") -> Shown:
    """Return one page of the queue, what is due first in front; answered ones the newest first."""
    here = calendar.here()
    rows = visible(user).filter(**({"kind": kind} if kind else {}))
    rows = rows.select_related("assigned_to").defer("sealed")
    place = Place.read(after)
    if show == "closed":
        ordered = descending(rows.filter(closed_at__isnull=False), "closed_at", place)
    else:
        ordered = _queue(_narrowed(rows.open(), show, user, here.today), place)
    found = list(ordered[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    names = names_of(user, shown)
    return {
        "rows": [line(row, names, here) for row in shown],
        "next": Place(_at(last, show), last.pk).text() if last else "",
    }


def _narrowed(
    rows: QuerySet[RightsRequest], show: str, user: User, today: date
) -> QuerySet[RightsRequest]:
    match show:
        case "late":
            return rows.filter(due_on__lt=today)
        case "mine":
            return rows.filter(assigned_to_id=user.pk)
        case "unassigned":
            return rows.filter(assigned_to__isnull=True)
    return rows


def _queue(rows: QuerySet[RightsRequest], place: Place | None) -> QuerySet[RightsRequest]:
    ordered = rows.order_by(F("due_on").asc(nulls_last=True), "pk")
    if place is None:
        return ordered
    if place.at is None:
        return ordered.filter(due_on__isnull=True, pk__gt=place.id)
    day = place.at.date()
    after = Q(due_on__gt=day) | Q(due_on=day, pk__gt=place.id) | Q(due_on__isnull=True)
    return ordered.filter(after)


def _at(row: RightsRequest, show: str) -> datetime | None:
    if show == "closed":
        return row.closed_at
    return datetime.combine(row.due_on, time(), tzinfo=UTC) if row.due_on else None


def counts(user: User) -> Mapping[str, int]:
    """Return how many open requests there are to each view of the queue, with one query."""
    today = calendar.today()
    return (
        visible(user)
        .open()
        .aggregate(
            open=Count("pk"),
            late=Count("pk", filter=Q(due_on__lt=today)),
            mine=Count("pk", filter=Q(assigned_to_id=user.pk)),
            unassigned=Count("pk", filter=Q(assigned_to=None)),
        )
    )


def names_of(user: User, rows: Sequence[RightsRequest]) -> Mapping[UUID, tuple[str, str]]:
    """Return how the people whom requests are about are shown to a reader, and where they are."""
    patients = [row.subject_id for row in rows if row.subject_of == SubjectKind.PATIENT]
    staff = [row.subject_id for row in rows if row.subject_of == SubjectKind.USER]
    seen = persons.register().shown(user, patients) if patients else {}
    named = {one: (shown.name, shown.url) for one, shown in seen.items()}
    known = accounts.names_of(staff) if staff else {}
    return named | {one: (name, "") for one, name in known.items()}


def line(row: RightsRequest, names: Mapping[UUID, tuple[str, str]], here: Here) -> Shown:
    """Return one request as a row of a list."""
    name, url = names.get(row.subject_id, ("", ""))
    left, tone = time_left(row, here)
    return {
        "id": row.pk,
        "number": row.number,
        "kind": row.get_kind_display(),
        "state": row.get_state_display(),
        "state_tone": TONES.get(row.state, "neutral"),
        "name": name,
        "patient_url": url,
        "pseudonym": persons.pseudonym(row.subject_id),
        "is_staff": row.subject_of == SubjectKind.USER,
        "received_at": row.received_at,
        "due_on": row.due_on,
        "left": left,
        "tone": tone,
        "assigned": called(row.assigned_to),
        "closed_at": row.closed_at,
        "is_extended": row.extended_at is not None,
    }


def clocks_of(row: RightsRequest, here: Here) -> list[Clock]:
    """Return the clocks of one request under each of its laws."""
    received_on, is_extended = here.day_of(row.received_at), row.extended_at is not None
    return clocks.clocks(row.laws, row.kind, received_on, here.days, is_extended=is_extended)


def time_left(row: RightsRequest, here: Here) -> tuple[str, str]:
    """Return what is left of the time until the next target or limit, whose it is, and a tone."""
    if row.closed_at is not None:
        return "", ""
    found, today = clocks_of(row, here), here.today
    ends = [(one.due_on, False, one.law) for one in found]
    ends += [(one.target_on, True, one.law) for one in found if one.target_on]
    if not ends:
        return gettext("no limit in days"), "neutral"
    # A target that was missed gives way to the limit.
    limit = min(end for end in ends if not end[1])
    until, is_target, law = min((end for end in ends if end[0] >= today), default=limit)
    if limit[0] < today:
        until, is_target, law = limit
    return _words(until, today, here.days, law, is_target=is_target)


def _words(until: date, today: date, days: Days, law: str, *, is_target: bool) -> tuple[str, str]:
    whose = (
        gettext("%(law)s target") if is_target else gettext("%(law)s limit")
    ) % {"law": LAW_NAMES[law]}  # fmt: skip
    left = clocks.working_days_left(today, until, days)
    if until < today:
        late = ngettext("%(days)d working day late", "%(days)d working days late", -left)
        return f"{late % {'days': -left}} ({whose})", "danger"
    if until == today:
        words = gettext("due today")
        return f"{words} ({whose})", "danger"
    words = ngettext("%(days)d working day left", "%(days)d working days left", left)
    return f"{words % {'days': left}} ({whose})", "warn" if left <= 3 else "neutral"


def of_patient(user: User, patient_id: UUID) -> list[Shown]:
    """Return the requests about one patient, the open ones first; of no other one."""
    here = calendar.here()
    ids = persons.register().former(patient_id)
    rows = RightsRequest.objects.filter(subject_id__in=ids).select_related("assigned_to")
    ordered = rows.order_by(F("closed_at").desc(nulls_first=True), "due_on", "pk")
    return [line(row, {}, here) for row in ordered.defer("sealed")[:20]]
