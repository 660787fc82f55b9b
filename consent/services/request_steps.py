"""What officers do on the way to an answer: charge, hold back, open a case, carry out what was asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import persons
from audit.models import Case
from audit.services import cases
from consent.models import ProcessingPurpose, ProcessingRestriction, RightsRequest
from consent.queries import calendar, executions, repeats
from consent.services import restrictions
from consent.services.request_rows import opened, record, refuse_unless_officer, words, write
from consent.services.requests import Unproved
from patients.services import erasures as records
from patients.services.disclosures import withhold
from security.access.gate import Refused
from security.models import User

Kind = RightsRequest.Kind
# What an authority says and does not write holds for so long (45 CFR 164.528(a)(2)(ii)).
ORAL_DAYS = 30


class FirstIsFree(Refused):
    """Nothing is charged for what was not asked before."""


class NotSuspended(Refused):
    """Only an accounting is suspended, for a time to come, and for 30 days where it was only said."""


class CaseBefore(Refused):
    """A case was opened on this request."""


class NothingToRestrict(Refused):
    """The request is of another kind, or about nobody whose data are restricted."""


@transaction.atomic
def charge(*, request_id: UUID, version: int, terms: str, by: User) -> RightsRequest:
    """Decide that a request that repeats earlier ones is charged for: how much, and why."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    if not repeats.may_charge(row):
        raise FirstIsFree(_("This was not asked before, so it is free."))
    row.is_charged, row.charge = True, words(terms)
    write(row)
    record("consent.request.charged", row, by=by)
    return row


@transaction.atomic
def suspend(
    *,
    request_id: UUID,
    version: int,
    statement: str,
    is_written: bool,
    until: date,
    disclosures: Collection[UUID] = (),
    by: User,
) -> RightsRequest:
    """Hold back an authority's own disclosures from the accounting, as it asked, until a day."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    today = calendar.today()
    if row.kind != Kind.ACCOUNTING or until <= today:
        raise NotSuspended(_("Only an accounting is suspended, until a day that lies ahead."))
    if not is_written and until > today + timedelta(days=ORAL_DAYS):
        raise NotSuspended(_("What was only said holds for 30 days. Ask for it in writing."))
    if disclosures and row.patient_id is not None:
        heir = persons.register().heirs([row.patient_id])[row.patient_id]
        withhold(patient_id=heir, disclosure_ids=disclosures, until=until, by=by)
    row.suspended_until, row.suspension = until, words(statement)
    write(row)
    record("consent.request.suspended", row, by=by)
    return row


@transaction.atomic
def open_case(*, request_id: UUID, version: int, question: str, by: User) -> Case:
    """Open a case on the request's patient, so that its officer reads the record while it is open."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    if row.case_id is not None and Case.objects.open().filter(pk=row.case_id).exists():
        raise CaseBefore(_("A case is open on this request."))
    if row.patient_id is None:
        raise NothingToRestrict(_("This request is about no patient."))
    asked = cases.Asked(Case.Kind.REQUEST, words(question), (row.patient_id,))
    case = cases.open_case(asked=asked, to=row.assigned_to or by, by=by)
    row.case_id = case.pk
    write(row)
    record("consent.request.case_opened", row, by=by)
    return case


@transaction.atomic
def restrict(
    *,
    request_id: UUID,
    version: int,
    purpose: ProcessingPurpose | None,
    categories: Sequence[str] = (),
    by: User,
) -> ProcessingRestriction:
    """Carry out a restriction or an objection: limit the use of the patient's data from now on."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    is_objection = row.kind == Kind.OBJECTION
    # An objection is followed at once: to stop a use gives nothing out.
    if row.identity_at is None and not is_objection:
        raise Unproved(_("First it has to be shown who asks."))
    if row.patient_id is None or row.kind not in (Kind.RESTRICTION, Kind.OBJECTION):
        raise NothingToRestrict(_("This request asks for no restriction of a patient's data."))
    if is_objection and purpose is None:
        raise NothingToRestrict(_("An objection names the purpose that it is against."))
    kinds = ProcessingRestriction.Kind
    made = restrictions.restrict(
        patient_id=persons.register().heirs([row.patient_id])[row.patient_id],
        kind=kinds.OBJECTION if is_objection else kinds.RESTRICTED,
        reason=row.asked or "",
        purpose=purpose,
        categories=categories,
        request=row,
        by=by,
    )
    write(row)
    record("consent.request.carried_out", row, by=by)
    return made


@transaction.atomic
def close_accounts(*, request_id: UUID, version: int, by: User) -> int:
    """Close the accounts of the portal that open the person's data; what the law keeps stays."""
    row = opened(request_id, version, by)
    refuse_unless_officer(by)
    if row.identity_at is None:
        raise Unproved(_("First it has to be shown who asks."))
    if row.patient_id is None or row.kind != Kind.CLOSURE:
        raise NothingToRestrict(_("This request asks for the closure of no patient's account."))
    count = records.close_accounts(patient_ids=executions.ids_of(row), by=by)
    write(row)
    record("consent.request.carried_out", row, by=by)
    return count
