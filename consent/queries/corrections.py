"""What is asked to be corrected, by whom it is decided, and who got the old value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import persons
from consent.models import Correction
from patients.models import Disclosure, Patient, RecordVersion
from patients.queries.disclosures import since
from security import people
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User
from security.sealing import SealBroken

Area = Correction.Area
# Who writes a part decides about it.
WRITES: Mapping[str, Permission] = {
    Area.DEMOGRAPHICS: Permission.DEMOGRAPHICS_WRITE,
    Area.CLINICAL: Permission.CLINICAL_WRITE,
    Area.BILLING: Permission.BILLING_WRITE,
}
SHOWN = 100
LONGEST_LIST = 50
# What may have been corrected, by part.
LABELS: Mapping[str, Q] = {
    Area.DEMOGRAPHICS: Q(label__in=("patients.patient", "patients.relation")),
    Area.BILLING: Q(
        label__in=("patients.claim", "patients.coverage", "patients.billing_attachment")
    ),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody outside who got data of the person before the correction."""

    name: str
    what: str
    on: datetime | None


def waiting_for(user: User) -> QuerySet[Correction]:
    """Return what waits for this person: of the parts and the patients that the person writes."""
    mine = Q(pk__in=())
    for area, permission in WRITES.items():
        if reach_of_user(user, permission) is not Reach.NONE:
            patients = Patient.objects.visible_to(user, permission.category)
            known = Q(patient__in=patients) | Q(patient__merged_into__in=patients)
            mine |= Q(area=area) & known
    rows = Correction.objects.waiting().filter(mine).exclude(proposed_by=user)
    return rows.select_related("request").order_by("proposed_at", "pk")[:SHOWN]


def of_request(request_id: UUID) -> QuerySet[Correction]:
    """Return the corrections of one request, the newest first."""
    rows = Correction.objects.filter(request_id=request_id)
    return rows.select_related("proposed_by", "decided_by").order_by("-proposed_at", "pk")


def disagreements(patient_id: UUID) -> QuerySet[Correction]:
    """Return what a person said against refusals and what was annotated: it stands beside the record."""
    rows = Correction.objects.filter(patient_id__in=persons.register().former(patient_id))
    beside = Q(disagreed_at__isnull=False) | Q(verdict=Correction.Verdict.ANNOTATED)
    return rows.filter(beside).select_related("decided_by").order_by("-decided_at", "pk")


def heir_of(row: Correction) -> UUID:
    """Return where the record is kept now that a correction is about."""
    return persons.register().heirs([row.patient_id])[row.patient_id]


def replaced_since(row: Correction) -> list[tuple[str, str]]:
    """Return the earlier states that were replaced since a proposal, as choices: id and words."""
    labels = persons.register().parts()
    return [
        (
            str(version.pk),
            f"{labels.get(version.label, version.label)}, "
            f"{timezone.localtime(version.replaced_at):%Y-%m-%d %H:%M}, "
            f"{people.called(version.replaced_by)}",
        )
        for version in _replaced(row).select_related("replaced_by")[:LONGEST_LIST]
    ]


def was_replaced(row: Correction, version_id: UUID | None) -> bool:
    """Tell whether an entry of that part was corrected since it was proposed."""
    return version_id is not None and _replaced(row).filter(pk=version_id).exists()


def _replaced(row: Correction) -> QuerySet[RecordVersion]:
    rows = RecordVersion.objects.filter(patient_id=heir_of(row), replaced_at__gte=row.proposed_at)
    if row.area in LABELS:
        rows = rows.filter(LABELS[row.area])
    else:
        rows = rows.exclude(LABELS[Area.DEMOGRAPHICS] | LABELS[Area.BILLING])
    return rows.order_by("-replaced_at", "pk")


def recipients(row: Correction) -> Iterator[Recipient]:
    """Yield who got data of the person within six years and before the correction (GDPR 19, NDR 21)."""
    first = since()
    found = Disclosure.objects.filter(patient_id=heir_of(row))
    if row.decided_at is not None:
        found = found.filter(noted_at__lte=row.decided_at)
    for one in found.order_by("-noted_at", "pk"):
        try:
            if one.disclosed_on is not None and one.disclosed_on >= first:
                yield Recipient(one.recipient, one.what, one.disclosed_on)
        except SealBroken:
            yield Recipient("", "", None)
