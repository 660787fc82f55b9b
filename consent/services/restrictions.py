"""Restricting what is done with a patient's data, and lifting it again; in force at the next decision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent.models import ProcessingPurpose, ProcessingRestriction, RightsRequest
from consent.queries.limits import DATA
from consent.queries.register import NEVER_WAITS
from patients.models import Patient
from security import context, trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing import StaleRecord

Kind = ProcessingRestriction.Kind
# What a health plan does not get of care that the patient paid for (45 CFR 164.522(a)(1)(vi)).
BILLS = (Category.BILLING, Category.BILL_DIAGNOSIS)


class NotYours(Refused):
    """Officers restrict; reception notes what a patient pays alone, and nothing else."""


class SaysTooLittle(Refused):
    """A restriction has a kind and a reason, and an objection a purpose."""


class NotPossible(Refused):
    """Nobody can object to care, and no data of other kinds are restricted."""


class AlreadyInForce(Refused):
    """The same restriction is in force already."""


class OverAlready(Refused):
    """The restriction was lifted, or ended by itself."""


class NobodyThere(Refused):
    """There is no such record, or it was merged into another one."""


@transaction.atomic
def restrict(  # noqa: PLR0913 - one limit is said by name: whose, what kind, why, of what, until when
    *,
    patient_id: UUID,
    kind: str,
    reason: str,
    purpose: ProcessingPurpose | None = None,
    categories: Collection[str] = (),
    request: RightsRequest | None = None,
    until: datetime | None = None,
    by: User | None,
) -> ProcessingRestriction:
    """Restrict what is done with a patient's data from now on; the next decision refuses."""
    _refuse_unless_may(kind, by)
    _check(kind, reason, purpose, categories, until)
    _lock(patient_id, request, kind)
    usual = BILLS if kind == Kind.SELF_PAY else ()
    named = sorted({str(one) for one in categories or usual})
    same = ProcessingRestriction.objects.in_force().filter(
        patient_id=patient_id, kind=kind, purpose=purpose, categories=named
    )
    if same.exists():
        raise AlreadyInForce(_("The same restriction is in force already."))
    row = ProcessingRestriction(
        patient_id=patient_id, kind=kind, purpose=purpose, categories=named, request=request,
        starts_at=timezone.now(), ends_at=until, set_by=by, reason=" ".join(reason.split()),
    )  # fmt: skip
    row.save()
    _tell("consent.restriction.imposed", row, by=by, reason=row.reason or "")
    return row


def _refuse_unless_may(kind: str, by: User | None) -> None:
    if by is None or may_restrict(by):
        return
    if kind != Kind.SELF_PAY or reach_of_user(by, Permission.RIGHTS_REQUEST) is Reach.NONE:
        raise NotYours(_("Your role does not restrict the use of data."))


def may_restrict(user: User) -> bool:
    """Tell whether somebody restricts data in every way, as officers do."""
    return reach_of_user(user, Permission.RIGHTS_MANAGE) is not Reach.NONE


def _check(
    kind: str,
    reason: str,
    purpose: ProcessingPurpose | None,
    categories: Collection[str],
    until: datetime | None,
) -> None:
    if kind not in Kind.values or not reason.strip():
        raise SaysTooLittle(_("Say what kind of restriction it is, and why."))
    if kind == Kind.OBJECTION and purpose is None:
        raise SaysTooLittle(_("Say which purpose the person objects to."))
    if kind == Kind.OBJECTION and purpose is not None and purpose.key in NEVER_WAITS:
        raise NotPossible(_("Nobody can object to care, emergencies and duties of the law."))
    of_record = {str(one) for one in categories} <= {str(one) for one in DATA}
    if not of_record and kind != Kind.STORAGE:
        raise NotPossible(_("Only data of the record can be restricted."))
    if until is not None and until <= timezone.now():
        raise NotPossible(_("The end lies in the past."))


def _lock(patient_id: UUID, request: RightsRequest | None, kind: str) -> None:
    rows = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient_id)
    if kind != Kind.STORAGE:
        # What the law keeps of somebody is kept of the records that were merged as well.
        rows = rows.filter(merged_into__isnull=True)
    if not rows.exists():
        raise NobodyThere(_("There is no such record."))
    if request is not None and _heir(request.patient_id) != _heir(patient_id):
        raise NotPossible(_("The request is another person's."))


def _heir(patient_id: UUID | None) -> UUID | None:
    return persons.register().heirs([patient_id]).get(patient_id) if patient_id else None


@transaction.atomic
def lift(
    *, restriction_id: UUID, version: int | None = None, reason: str = "", by: User | None
) -> ProcessingRestriction:
    """Lift a restriction from now on; raise StaleRecord where it changed since it was read."""
    rows = ProcessingRestriction.objects.select_for_update(of=("self",))
    row: ProcessingRestriction = rows.get(pk=restriction_id)
    _refuse_unless_may(row.kind, by)
    now = timezone.now()
    if row.ends_at is not None and (row.ended_by_id is not None or row.ends_at <= now):
        raise OverAlready(_("This restriction is over already."))
    if version is not None and row.version != version:
        raise StaleRecord(repr(row))
    row.ends_at, row.ended_by = max(now, row.starts_at), by
    row.advance()
    row.save()
    _tell("consent.restriction.lifted", row, by=by, reason=reason)
    return row


def _tell(action: str, row: ProcessingRestriction, *, by: User | None, reason: str) -> None:
    trail.record(
        action,
        subjects=[row.patient_id],
        changed=[row],
        obj=row,
        fields=[f"kind:{row.kind}", *(f"category:{one}" for one in row.categories)],
        reason=reason,
        by=by,
    )
    # What was decided before in this request is decided anew.
    context.current().forget_decisions()
