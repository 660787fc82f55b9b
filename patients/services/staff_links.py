"""Which record is a colleague's own or that of close family: kept so that the colleague stays out of it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, StaffLink
from security import context, trail
from security.access.gate import Refused
from security.models import User


class NotStaff(Refused):
    """Only colleagues are linked."""


class LinkedBefore(Refused):
    """The colleague is linked to this record already, or the record is another colleague's own."""


class NotLinked(Refused):
    """There is no such link in force."""


@transaction.atomic
def declare(*, patient_id: UUID, colleague: User, kind: str, by: User | None) -> StaffLink:
    """Keep a colleague out of the own record or one of close family; the own one is marked and watched."""
    if colleague.kind != User.Kind.STAFF or kind not in StaffLink.Kind.values:
        raise NotStaff(_("Only colleagues are linked to a record."))
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
    there = StaffLink.objects.in_force().filter(patient_id=patient_id)
    if there.filter(user=colleague).exists():
        raise LinkedBefore(_("This colleague is linked to this record already."))
    if kind == StaffLink.Kind.SELF and there.filter(kind=kind).exists():
        raise LinkedBefore(_("This is the record of another colleague."))
    row = StaffLink(user=colleague, patient_id=patient_id, kind=kind, granted_by=by)
    row.save()
    changed: list[StaffLink | Patient] = [row]
    is_plain = patient.confidentiality == Patient.Confidentiality.NORMAL
    if kind == StaffLink.Kind.SELF and is_plain:
        patient.confidentiality = Patient.Confidentiality.EMPLOYEE
        patient.advance()
        patient.save()
        changed.append(patient)
    trail.record(
        "patients.staff_link.declared",
        subjects=[patient_id, colleague.pk],
        changed=changed,
        obj=row,
        by=by,
    )
    context.current().forget_decisions()
    return row


@transaction.atomic
def end(*, link_id: UUID, patient_id: UUID, by: User) -> StaffLink:
    """End a link that was wrong or has ended; the colleague reaches the record as the role allows."""
    rows = StaffLink.objects.in_force().filter(pk=link_id, patient_id=patient_id)
    row: StaffLink | None = rows.select_for_update(of=("self",)).first()
    if row is None or row.user_id == by.pk:
        raise NotLinked(_("There is no such link that you could end."))
    row.ends_at, row.ended_by = max(timezone.now(), row.starts_at), by
    row.save()
    trail.record(
        "patients.staff_link.ended",
        subjects=[patient_id, row.user_id],
        changed=[row],
        obj=row,
        by=by,
    )
    context.current().forget_decisions()
    return row
