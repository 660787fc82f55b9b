"""The trail as a page shows it: who may see which events, found by what, and one event in full."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Count,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    UUIDField,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from audit import actions, persons
from audit.models import Event
from audit.models.event import EventQuerySet
from audit.queries import events, ledger, officers, parts
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.access.purposes import PURPOSE_LABELS
from security.access.registry import BASIS_LABELS, Basis
from security.access.roles import ROLES
from security.models import User
from security.pages import Place, descending
from security.sealing import SealBroken
from security.sealing.keys import SYSTEM_SUBJECT

PAGE = 50
# An import or a list names hundreds; the row names the first and counts the others.
NAMED = 4
PURPOSES = {str(one): label for one, label in PURPOSE_LABELS.items()}
# The labels of grounds speak to the person; these speak of somebody else.
BASES = {str(one): label for one, label in BASIS_LABELS.items()} | {
    str(Basis.ROLE): _("by role"),
    str(Basis.TEAM): _("care team"),
    str(Basis.RESPONSIBLE): _("responsible for the patient"),
    str(Basis.PROXY): _("representative of the patient"),
    str(Basis.SELF): _("the patient"),
}

# `id = ANY (subjects)`: one look into the primary key for each subject, whatever their number.
IS_SUBJECT = Func(
    F("pk"),
    Func(OuterRef("subjects"), function="", output_field=ArrayField(UUIDField())),
    template="%(expressions)s",
    arg_joiner=" = ANY ",
    output_field=BooleanField(),
)


def scope(user: User) -> EventQuerySet:
    """Return the events that a person may see: all, the technical ones, or the own."""
    if sees_everything(user):
        return Event.objects.all()
    if reach_of_user(user, Permission.TRAIL_READ_MASKED) is Reach.ALL:
        return _technical()
    return Event.objects.by_actor(user.pk)


def sees_everything(user: User) -> bool:
    """Tell whether somebody reads the whole trail."""
    return reach_of_user(user, Permission.TRAIL_READ) is Reach.ALL


def watches(user: User) -> bool:
    """Tell whether somebody reads what others did; then reading the own part is told to others."""
    return sees_everything(user) or reach_of_user(user, Permission.TRAIL_READ_MASKED) is Reach.ALL


def _technical() -> EventQuerySet:
    """Keep events whose subjects are accounts of staff, each of them; anybody else hides the event."""
    staff = User.objects.staff().filter(IS_SUBJECT).order_by().values("kind")
    known = Subquery(staff.annotate(number=Count("pk")).values("number"))
    named = Func(F("subjects"), function="cardinality", output_field=IntegerField())
    return Event.objects.alias(known=Coalesce(known, 0), named=named).filter(known=F("named"))


def page(user: User, asked: Mapping[str, Any], *, after: str = "") -> dict[str, Any]:
    """Return one page of the events that were asked for, the newest first."""
    rows = descending(_found(scope(user), asked), "recorded_at", Place.read(after))
    found = list(rows.defer("detail")[: PAGE + 1])
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    names = _names(shown)
    return {
        "rows": [_row(event, names) for event in shown],
        "next": Place(last.recorded_at, last.pk).text() if last else "",
    }


def _found(rows: EventQuerySet, asked: Mapping[str, Any]) -> EventQuerySet:
    action = asked.get("action") or ""
    conditions = {
        "actor_id": asked.get("actor"),
        "subjects__contains": [asked["subject"]] if asked.get("subject") else None,
        # A group of actions ends with a dot.
        "action__startswith" if action.endswith(".") else "action": action,
        "purpose": asked.get("purpose"),
        "basis": asked.get("basis"),
        "outcome": asked.get("outcome"),
        "recorded_at__gte": asked.get("since"),
        "recorded_at__lt": asked.get("until"),
    }
    return rows.filter(Q(**{name: value for name, value in conditions.items() if value}))


def _names(found: Collection[Event]) -> Mapping[UUID, str]:
    actors = {event.actor_id for event in found}
    subjects = {one for event in found for one in event.subjects[:NAMED]}
    return officers.names_of({*actors, *subjects})


def _row(event: Event, names: Mapping[UUID, str], most: int = NAMED) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.recorded_at,
        "who": who(event, names),
        "roles": [ROLES[key].label for key in event.roles if key in ROLES],
        "what": actions.sentence(event.action),
        "action": event.action,
        "outcome": event.outcome,
        "outcome_label": event.get_outcome_display(),
        "purpose": PURPOSES.get(event.purpose, event.purpose),
        "basis": BASES.get(event.basis, event.basis),
        "subjects": [_subject(one, names) for one in event.subjects[:most]],
        "others": max(0, len(event.subjects) - most),
    }


def who(event: Event, names: Mapping[UUID, str]) -> str:
    """Return who did something: a person, a part of the system, or somebody who was not signed in."""
    if event.actor_id is not None:
        return names.get(event.actor_id, persons.pseudonym(event.actor_id))
    return event.system or str(event.get_actor_kind_display())


def _subject(subject_id: UUID, names: Mapping[UUID, str]) -> dict[str, Any]:
    if subject_id == SYSTEM_SUBJECT:
        # What belongs to nobody is sealed under the system's own key.
        return {"id": subject_id, "text": str(BASES[str(Basis.SYSTEM)]), "is_account": True}
    is_account = subject_id in names
    return {
        "id": subject_id,
        "text": names[subject_id] if is_account else persons.pseudonym(subject_id),
        "is_account": is_account,
    }


def one(user: User, event_id: UUID) -> Event:
    """Return one event that a person may see; raise Event.DoesNotExist."""
    return scope(user).get(pk=event_id)


def _is_kept(reader: User, event: Event) -> bool:
    """Tell whether what was said is about the reader, or the reader must stay out of the record."""
    if event.actor_id == reader.pk:
        return False
    about = event.subjects[: 4 * PAGE]
    return reader.pk in about or bool(persons.register().kept_from([reader.pk], about))


def in_full(reader: User, event: Event) -> dict[str, Any]:
    """Return one event with what of it is sealed; opening that is a read of whoever acted."""
    try:
        detail = events.detail_of(event)
    except SealBroken:
        detail = None
    most = 4 * PAGE
    names = officers.names_of({event.actor_id, *event.subjects[:most]})
    return _row(event, names, most) | {
        "detail": detail,
        "is_kept": _is_kept(reader, event),
        "fields": event.fields,
        "parts": parts.of(name for name in event.fields if name.count(".") > 1),
        "counts": sorted(event.counts.items()),
        "object": event.object_label,
        "object_id": event.object_id,
        "on_behalf_of": event.on_behalf_of and persons.pseudonym(event.on_behalf_of),
        "session": event.session_ref,
        "device": event.device_ref,
        "request_id": event.request_id,
        "route": event.route,
        "proof_url": ledger.receipt_urls([event.pk]).get(event.pk),
    }
