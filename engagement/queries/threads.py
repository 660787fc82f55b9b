"""Which conversations somebody may see: by the patient's account, care, part in them, or their inbox."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from engagement.models import Thread, ThreadParticipant
from engagement.models.thread import ThreadQuerySet
from patients.models import CareRelationship, PortalAccount, StaffLink
from security.models import Membership, User


def visible(user: User) -> ThreadQuerySet:
    """Return the conversations somebody may see, the decision about their patients left aside."""
    now = timezone.now()
    rows: ThreadQuerySet = Thread.objects.all()
    same, mine = {"patient_id": OuterRef("patient_id")}, {"user_id": user.pk}
    if user.kind == User.Kind.PATIENT:
        return rows.filter(Exists(PortalAccount.objects.in_force(now).filter(**same, **mine)))
    cared_for = CareRelationship.objects.in_force(now).filter(**same, **mine)
    part = ThreadParticipant.objects.filter(thread_id=OuterRef("pk"), takes_part=True, **mine)
    own = StaffLink.objects.in_force(now).filter(**same, **mine)
    in_inbox = Q(unit_id__in=inboxes_of(user)) & ~Q(state=Thread.State.DONE)
    return rows.filter(in_inbox | Exists(part) | Exists(cared_for)).exclude(Exists(own))


def inboxes_of(user: User) -> list[UUID]:
    """Return the units whose inbox somebody works in."""
    rows = Membership.objects.in_force().filter(user_id=user.pk)
    return list(rows.values_list("unit_id", flat=True))


def with_reading(rows: ThreadQuerySet, user: User) -> ThreadQuerySet:
    """Add to each conversation how far somebody read it, as `read_at`."""
    own = ThreadParticipant.objects.filter(thread_id=OuterRef("pk"), user_id=user.pk)
    return rows.annotate(read_at=Subquery(own.values("read_at")[:1]))


def find(user: User, thread_id: UUID, *, patient_id: UUID | None = None) -> Thread:
    """Return a conversation that somebody may see; raise Thread.DoesNotExist."""
    about = {} if patient_id is None else {"patient_id": patient_id}
    rows = with_reading(visible(user), user).select_related("unit", "assignee", "done_by")
    row: Thread = rows.get(pk=thread_id, **about)
    return row
