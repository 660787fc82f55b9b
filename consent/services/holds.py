"""Legal holds: set with a reason, lifted with a reason; while one holds, nothing is erased."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent.models import LegalHold
from patients.models import Patient
from security import trail
from security.access.gate import Refused
from security.models import User

# Holds that are set and keys that are destroyed come one after the other.
LOCK = 0x_CD_05_70_C6


class WrongHold(Refused):
    """A hold is about one patient or about a time of visits, and ends in the future."""


class NotYours(Refused):
    """Nobody holds, or lets go, the own record or that of close family."""


@transaction.atomic
def set_hold(
    *,
    patient_id: UUID | None = None,
    seen: tuple[date, date] | None = None,
    until_on: date | None,
    reason: str,
    by: User,
) -> LegalHold:
    """Stop every erasure of a patient, or of all who were seen between two days."""
    if (patient_id is None) == (seen is None):
        raise WrongHold(_("Name one patient, or the first and the last day of visits."))
    if seen is not None and seen[1] < seen[0]:
        raise WrongHold(_("The last day of visits lies before the first."))
    if until_on is not None and until_on < timezone.localdate():
        raise WrongHold(_("The hold would be over already."))
    _refuse_own(patient_id, by)
    if patient_id is not None:
        # In line with an erasure that begins at the same time.
        list(Patient._base_manager.filter(pk=patient_id).select_for_update(of=("self",)))
    in_line()
    row = LegalHold(patient_id=patient_id, until_on=until_on, set_by=by, reason=reason)
    row.seen_from, row.seen_until = seen or (None, None)
    row.save(force_insert=True)
    _tell("consent.hold.begun", row, by)
    return row


def in_line() -> None:
    """Wait until whoever sets a hold, or destroys keys, is through; inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def lift(*, hold_id: UUID, reason: str, by: User) -> LegalHold:
    """End a hold from now on."""
    row: LegalHold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold_id)
    if row.lifted_at is not None:
        raise WrongHold(_("This hold was lifted before."))
    _refuse_own(row.patient_id, by)
    row.lifted_at, row.lifted_by, row.lifted_reason = timezone.now(), by, reason
    row.advance()
    row.save()
    _tell("consent.hold.ended", row, by)
    return row


def _refuse_own(patient_id: UUID | None, by: User) -> None:
    if patient_id is not None and persons.register().kept_from([by.pk], [patient_id]):
        raise NotYours(_("This is your own record or one of your close family."))


def _tell(action: str, row: LegalHold, by: User) -> None:
    subjects = [row.patient_id] if row.patient_id else []
    trail.record(action, subjects=subjects, changed=[row], obj=row, by=by)
