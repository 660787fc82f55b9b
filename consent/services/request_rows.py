"""How the deeds on requests find, check and write a row: locked, open, unchanged, and not one's own."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent.models import RightsRequest
from consent.queries import officers
from security import trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User

MOST_LETTERS = 10_000
State = RightsRequest.State
# A request that ended so asks for nothing any more.
UNASKED = frozenset({State.WITHDRAWN, State.REFUSED, State.DUPLICATE})


class Answered(Refused):
    """The request was answered, or changed by somebody else meanwhile."""


class OwnRequest(Refused):
    """Nobody works on a request of one's own, or of close family."""


class NotAnOfficer(Refused):
    """The colleague does not answer requests."""


class SaysNothing(Refused):
    """A step needs its reason in words."""


class TooLong(Refused):
    """What is said is longer than anybody reads."""


def opened(request_id: UUID, version: int, by: User | None) -> RightsRequest:
    """Lock an open request that nobody changed since it was shown; raise Answered or OwnRequest."""
    rows = RightsRequest.objects.select_for_update(of=("self",))
    row: RightsRequest = rows.get(pk=request_id)
    if row.closed_at is not None:
        raise Answered(_("This request was answered before."))
    if row.version != version:
        raise Answered(_("Somebody changed this request meanwhile. Look at it again."))
    if by is not None:
        refuse_own(row, by)
    return row


def refuse_own(row: RightsRequest, user: User) -> None:
    """Refuse who would work on a request of the own or of close family."""
    if user.kind != User.Kind.STAFF:
        return
    is_own = row.subject_id == user.pk or (
        row.subject_of == SubjectKind.PATIENT
        and bool(persons.register().kept_from([user.pk], [row.subject_id]))
    )
    if is_own:
        raise OwnRequest(
            _("This is the own request or that of close family; a colleague works on it.")
        )


def refuse_unless_officer(user: User) -> None:
    """Refuse who does not answer requests."""
    if not officers.may_work(user):
        raise NotAnOfficer(_("This colleague does not answer requests."))


def words(text: str) -> str:
    """Return what was said without the space around it; raise SaysNothing or TooLong."""
    said = text.strip()
    if not said:
        raise SaysNothing(_("Say why, in a sentence."))
    return short_enough(said)


def short_enough(text: str) -> str:
    """Return a text that is not too long to keep; raise TooLong."""
    if len(text) > MOST_LETTERS:
        raise TooLong(_("This is longer than 10,000 characters. Attach the letter instead."))
    return text


def write(row: RightsRequest) -> None:
    """Write a changed request as its next version."""
    row.advance()
    row.save()


def record(
    action: str,
    row: RightsRequest,
    *,
    by: User | None,
    others: Sequence[UUID] = (),
    rows: Sequence[models.Model] = (),
) -> None:
    """Record one step on a request."""
    trail.record(action, subjects=[row.subject_id, *others], changed=[row, *rows], obj=row, by=by)
