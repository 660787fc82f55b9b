"""Enquiries as a board shows them: where each stands, who may be the same person, and when it is deleted."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from audit import persons
from audit.queries import staff
from consent.queries import notices
from engagement.models import Lead, Service
from patients.queries import duplicates
from patients.queries.duplicates import Probe
from security import context
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken, normalise

# Whoever keeps in touch works on enquiries, and so does the desk that registers people.
WORK = (Permission.CAMPAIGNS_WRITE, Permission.IDENTIFIERS_WRITE)
REGISTER = Permission.IDENTIFIERS_WRITE
ON_BOARD, PAGE, COMPARED = 15, 30, 500
# So many days before somebody is deleted the page says so in a warning tone.
SOON = 14
Shown = dict[str, Any]


def board(user: User) -> list[Shown]:
    """Return the columns of the board, each with its number and its newest enquiries."""
    totals = dict(Lead.objects.order_by().values_list("state").annotate(count=Count("pk")))
    columns = []
    for state in Lead.State:
        rows = Lead.objects.filter(state=state).select_related("owner", "service")
        found = list(rows.order_by("-moved_at", "-pk")[:ON_BOARD])
        columns.append((state, found))
    known = _patients(user, [row for _state, rows in columns for row in rows])
    return [
        {
            "key": str(state),
            "label": state.label,
            "count": totals.get(state, 0),
            "rows": [line(row, known) for row in rows],
            "more": totals.get(state, 0) > len(rows),
        }
        for state, rows in columns
    ]


def page(user: User, *, state: str, after: str = "") -> Shown:
    """Return one page of the enquiries of one column, the last moved first."""
    rows = Lead.objects.filter(state=state).select_related("owner", "service")
    found = list(descending(rows, "moved_at", Place.read(after))[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    known = _patients(user, shown)
    return {
        "rows": [line(row, known) for row in shown],
        "next": Place(last.moved_at, last.pk).text() if last else "",
    }


def _patients(user: User, rows: Collection[Lead]) -> dict[UUID, tuple[str, str]]:
    """Return how a reader sees those who became patients: their names are the record's now."""
    ids = {row.patient_id for row in rows if row.patient_id}
    seen = persons.register().shown(user, ids) if ids else {}
    return {one: (shown.name, shown.url) for one, shown in seen.items()}


def line(row: Lead, known: dict[UUID, tuple[str, str]]) -> Shown:
    """Return one enquiry as a card of the board."""
    shown: Shown = {
        "id": row.pk,
        "version": row.version,
        "state": row.state,
        "state_label": row.get_state_display(),
        "source": row.get_source_display(),
        "service": row.service.label if row.service else "",
        "owner": called(row.owner),
        "created_at": row.created_at,
        "moved_at": row.moved_at,
        "delete_on": row.delete_on,
        "is_soon": (row.delete_on - timezone.localdate()).days <= SOON,
        "lost_why": row.get_lost_why_display() if row.lost_why else "",
        "patient_url": "",
        "is_broken": False,
        "is_patient": row.patient_id is not None,
    }
    if row.patient_id is not None:
        name, url = known.get(row.patient_id, (persons.pseudonym(row.patient_id), ""))
        return shown | {"name": name, "patient_url": url, "phone": "", "email": ""}
    try:
        return shown | {"name": row.name, "phone": row.phone or "", "email": row.email or ""}
    except SealBroken:
        return shown | {"name": "", "phone": "", "email": "", "is_broken": True}


def find(lead_id: UUID) -> Lead:
    """Return an enquiry; raise Lead.DoesNotExist."""
    row: Lead = Lead.objects.select_related("owner", "service").get(pk=lead_id)
    return row


def one(user: User, row: Lead) -> Shown:
    """Return one enquiry as its page shows it."""
    shown = line(row, _patients(user, [row]))
    shown |= {
        "consented_at": row.consented_at,
        "notices": [notices.title(one) for one in notices_of(row)],
        "notice_language": row.notice_language,
        "digests": [one[:16] for one in row.notice_digests],
        "converted_at": row.converted_at,
        "language": row.language,
    }
    names = ("message", "referrer", "note")
    if row.patient_id is not None or shown["is_broken"]:
        return shown | dict.fromkeys(names, "")
    return shown | {name: getattr(row, name) or "" for name in names}


def notices_of(row: Lead) -> list[Any]:
    """Return the versions of the notices that somebody was shown before agreeing."""
    return [one for one in notices.versions() if one.pk in set(row.notices)]


def twins(user: User, row: Lead) -> list[Shown]:
    """Return patients who may be the same person, for those who may know of them by name."""
    if row.patient_id is not None or reach_of_user(user, REGISTER) is Reach.NONE:
        return []
    with context.matching():
        probe = Probe(names=(row.name,), phones=tuple(filter(None, [row.phone])))
    return duplicates.rows(duplicates.find(user, probe))


def same(row: Lead) -> list[Shown]:
    """Return other enquiries with the same phone or the same e-mail address."""
    if row.patient_id is not None:
        return []
    others = Lead.objects.unconverted().exclude(pk=row.pk).select_related("owner", "service")
    with context.matching():
        wanted = _marks(row)
        found = [
            other
            for other in others.order_by("-moved_at", "-pk")[:COMPARED]
            if wanted & _marks(other)
        ]
    return [line(other, {}) for other in found[:5]]


def _marks(row: Lead) -> set[tuple[str, str]]:
    try:
        marks = {
            ("phone", normalise.digits(normalise.phone(row.phone or ""))),
            ("email", normalise.text(row.email or "")),
        }
    except SealBroken:
        return set()
    return {(kind, text) for kind, text in marks if text}


def copy(row: Lead) -> dict[str, Any]:
    """Return all that is held about somebody, for the person (GDPR 15, 20; PIPL 45)."""
    names = ("name", "phone", "email", "message", "referrer", "note")
    return {
        **{name: getattr(row, name) or "" for name in names},
        "state": str(row.get_state_display()),
        "source": str(row.get_source_display()),
        "received": row.created_at.isoformat(),
        "agreed": row.consented_at.isoformat() if row.consented_at else "",
        "notices": [notices.title(one) for one in notices_of(row)],
        "deleted_on": row.delete_on.isoformat(),
    }


def waiting(user: User) -> int:
    """Return how many enquiries nobody has answered yet."""
    return Lead.objects.filter(state=Lead.State.NEW).count()


def offered() -> list[tuple[str, str]]:
    """Return what the clinic offers to strangers, by name."""
    rows = Service.objects.active().filter(is_bookable_online=True).order_by("name")
    return [(str(row.pk), row.label) for row in rows]


def offered_to_staff() -> list[tuple[str, str]]:
    """Return everything that the clinic offers, by name."""
    return [(str(row.pk), row.label) for row in Service.objects.active().order_by("name")]


def owner_choices() -> list[tuple[str, str]]:
    """Return the colleagues who work on enquiries, by name."""
    found: dict[str, str] = {}
    for permission in WORK:
        found |= dict(staff.who_may(permission))
    return sorted(found.items(), key=lambda pair: pair[1])
