"""Setting and lifting limits on the use of one patient's data."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose, ProcessingRestriction, RightsRequest
from security import context, trail
from security.access.gate import Refused
from security.models import User


class AlreadyLifted(Refused):
    """The restriction was lifted before."""


@transaction.atomic
def restrict(
    *,
    patient_id: UUID,
    kind: str,
    reason: str,
    purpose: ProcessingPurpose | None = None,
    categories: Collection[str] = (),
    request: RightsRequest | None = None,
    by: User | None,
) -> ProcessingRestriction:
    """Limit the use of a patient's data from now on."""
    row = ProcessingRestriction(
        patient_id=patient_id,
        kind=kind,
        purpose=purpose,
        categories=[str(one) for one in categories],
        request=request,
        starts_at=timezone.now(),
        set_by=by,
        reason=reason,
    )
    row.save(force_insert=True)
    trail.record(
        "consent.restriction.begun", subjects=[patient_id], changed=[row], obj=row,
        fields=[f"kind:{kind}", *row.categories], by=by,
    )  # fmt: skip
    context.current().forget_decisions()
    return row


@transaction.atomic
def lift(*, restriction_id: UUID, by: User | None) -> ProcessingRestriction:
    """End a limit from now on."""
    rows = ProcessingRestriction.objects.select_for_update(of=("self",))
    row: ProcessingRestriction = rows.get(pk=restriction_id)
    if row.ends_at is not None and row.ends_at <= timezone.now():
        raise AlreadyLifted(_("This restriction was lifted before."))
    row.ends_at, row.ended_by = timezone.now(), by
    row.advance()
    row.save()
    trail.record(
        "consent.restriction.ended", subjects=[row.patient_id], changed=[row], obj=row, by=by
    )
    context.current().forget_decisions()
    return row
