"""Whether the system carried out what a request asks for: only then is it granted without more said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import persons
from audit.models import Event
from consent.models import (
    Consent,
    Correction,
    Erasure,
    ProcessingRestriction,
    RecordCopy,
    RightsRequest,
    State,
)
from consent.queries.erasure_plans import IN_USE, STORE
from patients.models import PortalAccount
from security.classification import Scope, SubjectKind
from security.models import User

Kind = RightsRequest.Kind


@dataclass(frozen=True, slots=True)
class Execution:
    """Whether what was asked for was done here, and that in a sentence."""

    is_done: bool
    words: Promise
    # A part is kept: then it is granted in part, on the ground of the law that keeps it.
    is_partial: bool = False


def of(row: RightsRequest) -> Execution | None:
    """Tell whether a request was carried out here; None where the answer itself is all that is asked for."""
    known = ASKED.get(row.kind)
    if known is None:
        return None
    is_done, yes, no = known
    if not is_done(row):
        return Execution(False, no)
    if row.kind == Kind.ERASURE and _is_kept_in_part(row):
        return Execution(True, KEPT_IN_PART, is_partial=True)
    return Execution(True, yes)


def ids_of(row: RightsRequest) -> Collection[UUID]:
    """Return under which ids the data are kept that a request is about: merged records included."""
    if row.subject_of != SubjectKind.PATIENT:
        return [row.subject_id]
    register = persons.register()
    return register.former(register.heirs([row.subject_id]).get(row.subject_id, row.subject_id))


def _is_copied(row: RightsRequest) -> bool:
    rows = RecordCopy.objects.filter(request=row)
    ready = rows.filter(state=RecordCopy.State.READY)
    return ready.exists() or rows.filter(fetched_at__isnull=False).exists()


def _is_corrected(row: RightsRequest) -> bool:
    rows = Correction.objects.filter(request=row)
    done = (Correction.Verdict.ACCEPTED, Correction.Verdict.ANNOTATED)
    return rows.filter(verdict__in=done).exists() and not rows.waiting().exists()


def _is_erased(row: RightsRequest) -> bool:
    return Erasure.objects.filter(request=row, state=Erasure.State.DONE).exists()


def _is_kept_in_part(row: RightsRequest) -> bool:
    done = Erasure.objects.filter(request=row, state=Erasure.State.DONE)
    # The proof of what was asked and allowed is kept of everybody.
    plans = [
        one for erasure in done for one in erasure.plan["scopes"] if one["scope"] != Scope.CONSENT
    ]
    return any(one["action"] in (STORE, IN_USE) for one in plans)


def _is_restricted(row: RightsRequest) -> bool:
    return ProcessingRestriction.objects.filter(request=row).exists()


def _is_stopped(row: RightsRequest) -> bool:
    withdrawn = Consent.objects.filter(
        patient__in=ids_of(row), state=State.WITHDRAWN, since__gte=row.received_at
    )
    return _is_restricted(row) or withdrawn.exists()


def _is_accounted(row: RightsRequest) -> bool:
    events = Event.objects.filter(
        action="patients.disclosure.accounted", subjects__overlap=list(ids_of(row))
    )
    return events.filter(recorded_at__gte=row.received_at).exists()


def _is_closed(row: RightsRequest) -> bool:
    if row.subject_of == SubjectKind.USER:
        return not User.objects.filter(pk=row.subject_id, is_active=True).exists()
    return not PortalAccount.objects.in_force().filter(patient__in=ids_of(row)).exists()


KEPT_IN_PART = _(
    "The erasure was done and certified; a part is only stored, because a law keeps it."
)
COPIED = (
    _is_copied,
    _("A copy of everything was made for this request."),
    _("No copy was made for this request."),
)
ASKED: Mapping[str, tuple[Callable[[RightsRequest], bool], Promise, Promise]] = {
    Kind.ACCESS: COPIED,
    Kind.PORTABILITY: COPIED,
    Kind.RECTIFICATION: (
        _is_corrected,
        _("The correction was decided, and something was corrected or noted beside it."),
        _("No correction of this request was made, or one still waits for a verdict."),
    ),
    Kind.ERASURE: (
        _is_erased,
        _("The erasure was done and certified."),
        _("No erasure of this request was done."),
    ),
    Kind.RESTRICTION: (
        _is_restricted,
        _("The use of the data is restricted."),
        _("Nothing was restricted for this request."),
    ),
    Kind.OBJECTION: (
        _is_stopped,
        _("The use that the person objects to was stopped."),
        _("No use was stopped for this request."),
    ),
    Kind.ACCOUNTING: (
        _is_accounted,
        _("The accounting of disclosures was drawn up."),
        _("No accounting was drawn up since the request came in."),
    ),
    Kind.CLOSURE: (
        _is_closed,
        _("No account opens these data."),
        _("An account still opens these data."),
    ),
}
