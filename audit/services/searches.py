"""Reading the trail is itself on the trail: who searched, who read the own part, who named somebody."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import persons
from audit.models import Event
from audit.queries import trail as queries
from security import context, trail
from security.access.categories import Reach
from security.access.decision import decide, reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.models import User


class NobodyThere(Exception):
    """No patient stands behind this pseudonym."""


class NotForYou(Refused):
    """The reader's role, or the person behind the pseudonym, does not allow the name to be shown."""


class NoReason(Refused):
    """A name is shown for a reason."""


@transaction.atomic
def searched(*, about: Collection[UUID], filters: Collection[str], shown: int, by: User) -> None:
    """Record that somebody looked through what others did: by which filters, never what was typed."""
    if not queries.watches(by):
        return
    named = [f"audit.event.{name}" for name in filters]
    trail.record(
        "audit.trail.searched", subjects=about, fields=named, counts={"events": shown}, by=by
    )
    if by.pk in about:
        own_read(by=by)


@transaction.atomic
def own_read(*, by: User) -> None:
    """Record that somebody who watches the trail read the own part of it, for others to see."""
    if queries.watches(by):
        trail.record("audit.trail.own_read", subjects=[by.pk], by=by)


@transaction.atomic
def opened(*, event: Event, by: User) -> None:
    """Record that one event was opened with what of it is sealed."""
    if not queries.watches(by):
        return
    actor = [event.actor_id] if event.actor_id else []
    trail.record("audit.event.opened", subjects=actor, obj=event, by=by)
    if event.actor_id == by.pk:
        own_read(by=by)


@transaction.atomic
def resolve(*, subject_id: UUID, reason: str, by: User) -> str:
    """Return the name behind a pseudonym, masked for who reads no names; recorded with its reason.

    Restrictions hold as they do for the record: nobody names the own family by way of the trail.
    """
    if not queries.sees_everything(by):
        raise NotForYou(_("Your role sees no patients in the trail."))
    if not reason.strip():
        raise NoReason(_("Say why you need the name."))
    heir = persons.register().heirs([subject_id]).get(subject_id)
    if heir is None:
        raise NobodyThere(subject_id)
    purpose = context.current().purpose
    made = decide(by, Permission.DEMOGRAPHICS_READ_MASKED, heir, purpose)
    if not (made.allowed or made.step_up):
        raise NotForYou(made.reason)
    is_clear = reach_of_user(by, Permission.DEMOGRAPHICS_READ) is not Reach.NONE
    name = persons.register().name(heir, is_clear)
    trail.record(
        "audit.pseudonym.resolved",
        subjects=[subject_id, heir],
        fields=["patients.patient.names"],
        basis="role",
        reason=reason.strip(),
        by=by,
    )
    return name
