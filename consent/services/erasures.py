"""Planning an erasure and agreeing to it: worked out by one person, approved by two others."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent.models import Erasure, ErasureApproval, RetentionRun, RightsRequest
from consent.queries import askers, calendar, erasure_plans
from consent.services.request_rows import UNASKED
from patients.services import series
from security import trail
from security.access.gate import Refused
from security.classification import SubjectKind
from security.models import User

State, Origin = Erasure.State, Erasure.Origin
# Who agrees beside the planner: two people, and one where the time of a rule is over.
NEEDED = {Origin.REQUEST: 2, Origin.OWN: 2, Origin.RETENTION: 1}


class Impossible(Refused):
    """There is nothing that could be planned or done."""


class NotYours(Refused):
    """Somebody has no say in this erasure: the planner, who agreed before, the family."""


class OnHold(Refused):
    """A legal hold stops every erasure of this person."""


class StalePlan(Refused):
    """The data, the rules or the day are not those of the plan any more."""


@transaction.atomic
def plan(
    *,
    patient_id: UUID,
    reason: str,
    origin: str = Origin.OWN,
    request_id: UUID | None = None,
    run: RetentionRun | None = None,
    by: User,
) -> Erasure:
    """Work out what would be erased of a patient, and lay it before others; nothing is erased by it.

    The plan for a record that was merged is that of the record which took its place, and of both.
    """
    content = erasure_plans.of_patient(patient_id, origin)
    subjects = [UUID(one) for one in content["subjects"]]
    _require_stranger(by, subjects)
    request = _request(request_id, subjects)
    return _planned(
        Erasure(
            subject_id=subjects[0], patient_id=subjects[0], origin=origin, request=request, run=run,
            plan=content, planned_by=by, reason=reason,
        ),
        by,
    )  # fmt: skip


@transaction.atomic
def plan_colleague(
    *, user_id: UUID, reason: str, request_id: UUID | None = None, by: User
) -> Erasure:
    """Work out the erasure of the personal part of a colleague's account, once its time is over."""
    user = User.objects.get(pk=user_id)
    if user.pk == by.pk:
        raise NotYours(_("Nobody plans the erasure of the own account."))
    content = erasure_plans.of_colleague(user)
    request = _request(request_id, [user.pk])
    if request is not None:
        _require_over(content)
    return _planned(
        Erasure(
            subject_id=user.pk, subject_of=SubjectKind.USER, request=request, plan=content,
            origin=Origin.RETENTION if request is None else Origin.REQUEST,
            planned_by=by, reason=reason,
        ),
        by,
    )  # fmt: skip


def _require_over(content: erasure_plans.Plan) -> None:
    """Refuse with the law and the day where an account that somebody wants erased is still kept."""
    for one in erasure_plans.scopes(content, erasure_plans.KEEP):
        if one["until"] is None:
            raise Impossible(
                _("The colleague works here; the account is kept as long: %(law)s. Refuse it so.")
                % {"law": one["article"]}
            )
        raise Impossible(
            _("The account is kept until %(day)s: %(law)s. Refuse the request on that ground.")
            % {"day": date_format(date.fromisoformat(one["until"])), "law": one["article"]}
        )


def _request(request_id: UUID | None, subjects: list[UUID]) -> RightsRequest | None:
    if request_id is None:
        return None
    row: RightsRequest = RightsRequest.objects.select_for_update(of=("self",)).get(pk=request_id)
    is_ours = row.subject_id in subjects and row.kind == RightsRequest.Kind.ERASURE
    if not is_ours or row.closed_at is not None:
        raise Impossible(_("This is no open request for the erasure of this person's data."))
    if (why_not := _unasked(row)) is not None:
        raise Impossible(why_not)
    return row


def _unasked(row: RightsRequest) -> Promise | None:
    """Return why a request asks for nothing (any more): unproved, taken back, refused, by who may not."""
    if row.identity_at is None:
        return _("First it has to be shown who asks.")
    if row.state in UNASKED:
        return _("The request was taken back, refused, or joined to another one.")
    return askers.objection(row, calendar.today())


def _planned(row: Erasure, by: User) -> Erasure:
    if not row.plan["holds"] and not erasure_plans.does_something(row.plan):
        raise Impossible(_("There is nothing that could be erased now."))
    row.number = f"ER-{timezone.localdate().year}-{series.take(key='erasure'):06d}"
    row.plan_sha256 = erasure_plans.digest(row.plan)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Impossible(_("An erasure of this person's data is planned already.")) from None
    _tell("consent.erasure.planned", row, by=by)
    return row


@transaction.atomic
def approve(*, erasure_id: UUID, plan_sha256: str, by: User) -> Erasure:
    """Agree to a plan as it is read; with the last agreement that is needed it will be done.

    Raises NotYours for the planner, for who agreed before and for the subject's family, OnHold, StalePlan.
    """
    row = locked(erasure_id)
    if row.state != State.PLANNED:
        raise Impossible(_("This plan does not wait for an approval."))
    _require_other(row, by)
    require_current(row, plan_sha256)
    approval = ErasureApproval.objects.create(erasure=row, approved_by=by)
    changed: list[Any] = [approval]
    if row.approvals.count() >= NEEDED[Origin(row.origin)]:
        row.state = State.APPROVED
        row.advance()
        row.save()
        changed.append(row)
    _tell("consent.erasure.approved", row, by=by, changed=changed)
    return row


def _require_other(row: Erasure, by: User) -> None:
    if row.planned_by_id == by.pk:
        raise NotYours(_("Who planned an erasure does not approve it. Ask two others."))
    if row.approvals.filter(approved_by=by).exists():
        raise NotYours(_("You approved this plan before. Another person has to."))
    _require_stranger(by, [UUID(one) for one in row.plan["subjects"]])


def _require_stranger(by: User, subjects: list[UUID]) -> None:
    if by.pk in subjects or persons.register().kept_from([by.pk], subjects):
        raise NotYours(_("This is your own record or one of your close family."))


def require_current(row: Erasure, plan_sha256: str) -> None:
    """Raise OnHold or StalePlan unless the plan is still asked for and what would be planned now."""
    if row.request is not None and (why_not := _unasked(row.request)) is not None:
        raise StalePlan(why_not)
    now = erasure_plans.current(row)
    if now["holds"]:
        raise OnHold(_("A legal hold stops every erasure of this person's data."))
    if plan_sha256 != row.plan_sha256 or erasure_plans.digest(now) != row.plan_sha256:
        raise StalePlan(
            _("The data or the rules have changed since. Give this plan up, plan anew.")
        )


@transaction.atomic
def give_up(*, erasure_id: UUID, reason: str, by: User | None) -> Erasure:
    """End a plan of which nothing was done yet, also one whose work began and destroyed no key."""
    row = locked(erasure_id)
    if not may_give_up(row):
        raise Impossible(_("This erasure has begun, or is over."))
    row.state, row.ended_at, row.ended_by, row.refusal = (
        State.GIVEN_UP, timezone.now(), by, reason,
    )  # fmt: skip
    row.advance()
    row.save()
    _tell("consent.erasure.cancelled", row, by=by)
    return row


def may_give_up(row: Erasure) -> bool:
    """Tell whether nothing of an erasure was done yet."""
    return row.state in Erasure.WAITING or _is_untouched(row)


def _is_untouched(row: Erasure) -> bool:
    # The first step of a patient's erasure destroys the keys and is noted in the same transaction.
    has_begun = row.state in {State.RUNNING, State.STOPPED}
    return has_begun and row.subject_of == SubjectKind.PATIENT and row.steps_done == 0


@transaction.atomic
def stop(*, erasure_id: UUID, by: User | None) -> Erasure:
    """Ask the work to stop after the step it is at; keys that are destroyed stay so."""
    row = locked(erasure_id)
    if row.state != State.RUNNING:
        raise Impossible(_("This erasure is not being done."))
    Erasure.objects.filter(pk=row.pk).update(is_stop_asked=True)
    _tell("consent.erasure.stop_asked", row, by=by, changed=[])
    return row


@transaction.atomic
def resume(*, erasure_id: UUID, by: User) -> Erasure:
    """Let the work go on where it stopped."""
    row = locked(erasure_id)
    if row.state != State.STOPPED:
        raise Impossible(_("This erasure is not stopped."))
    row.state, row.is_stop_asked, row.moved_at = State.RUNNING, False, None
    row.advance()
    row.save()
    _tell("consent.erasure.resumed", row, by=by)
    return row


def locked(erasure_id: UUID) -> Erasure:
    """Return an erasure, locked until the deed is over."""
    found: Erasure = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure_id)
    return found


def _tell(action: str, row: Erasure, *, by: Any, changed: list[Any] | None = None) -> None:
    trail.record(
        action,
        subjects=[UUID(one) for one in row.plan["subjects"]],
        changed=[row] if changed is None else changed,
        obj=row,
        fields=[f"sha256:{row.plan_sha256}"],
        by=by,
    )
