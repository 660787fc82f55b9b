"""The reach of messages: who takes part in a conversation, works in its inbox, or cares for the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from engagement.models import Thread, ThreadParticipant
from patients.models import CareRelationship
from patients.rules import care_relationship
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.registry import Basis, reach
from security.classification import Category
from security.models import Membership, User


def inboxes_of(user: User, now: datetime) -> list[UUID]:
    """Return the units whose inbox somebody works in."""
    rows = Membership.objects.in_force(now).filter(user_id=user.pk)
    return list(rows.values_list("unit_id", flat=True))


def within(user: User, category: Category, now: datetime) -> Q | None:
    """Return the patients whose messages a colleague reaches, as a condition on patients."""
    if category is not Category.MESSAGES or user.kind != User.Kind.STAFF:
        return None
    same, mine = {"patient_id": OuterRef("pk")}, {"user_id": user.pk}
    cared_for = CareRelationship.objects.in_force(now).filter(**same, **mine)
    taking_part = ThreadParticipant.objects.filter(**same, **mine, takes_part=True)
    in_inbox = Thread.objects.open().filter(**same, unit_id__in=inboxes_of(user, now))
    return Q(Exists(cared_for)) | Q(Exists(taking_part)) | Q(Exists(in_inbox))


@reach("thread", serves={Reach.SELF}, within=within)
def thread(
    actor: User, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Basis]:
    """Grant colleagues the messages of those they care for, write with, or have in their inbox."""
    if permission.category is not Category.MESSAGES or actor.kind != User.Kind.STAFF:
        return {}
    part = ThreadParticipant.objects.filter(
        user_id=actor.pk, patient_id__in=patients, takes_part=True
    )
    inbox = Thread.objects.open().filter(
        patient_id__in=patients, unit_id__in=inboxes_of(actor, now)
    )
    found = {
        *part.values_list("patient_id", flat=True),
        *inbox.values_list("patient_id", flat=True),
    }
    cared_for = care_relationship(actor, permission, patients, purpose, now)
    return dict.fromkeys(found, Basis.THREAD) | dict(cared_for)
