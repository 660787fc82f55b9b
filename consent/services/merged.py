"""What a person said no to under one record holds for the record that takes it in as well."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from consent.models import Consent, ProcessingRestriction, ScopeOutcome, State
from consent.services import consents, restrictions
from patients.services import merges
from security import context
from security.sealing import SealBroken

Kind = ProcessingRestriction.Kind
REASON = gettext_noop("Carried over from a record that was merged into this one.")


def follow(survivor_id: UUID, absorbed_id: UUID) -> None:
    """Carry restrictions, objections and refusals over; refuse to join what was erased or is only stored.

    Consents and restrictions stay with the record that they were said of; the stricter of two answers holds.
    """
    both = [survivor_id, absorbed_id]
    stored = ProcessingRestriction.objects.in_force().filter(kind=Kind.STORAGE)
    if (
        ScopeOutcome.objects.filter(patient_id__in=both).exists()
        or stored.filter(patient_id__in=both).exists()
    ):
        raise merges.Impossible(_("One of these records was erased, or its data are only stored."))
    for row in ProcessingRestriction.objects.in_force().filter(patient_id=absorbed_id):
        _restrict(survivor_id, row)
    refused = Consent.objects.filter(patient_id=absorbed_id, state__in=consents.NO)
    for no in refused.order_by("pk"):
        yes = Consent.objects.filter(
            Q(since__lte=no.since), patient_id=survivor_id, purpose_id=no.purpose_id,
            channel=no.channel, state=State.GRANTED,
        ).first()  # fmt: skip
        if yes is not None:
            consents.supersede(consent_id=yes.pk, reason=REASON)


def _restrict(survivor_id: UUID, row: ProcessingRestriction) -> None:
    try:
        with context.matching():
            reason = row.reason or REASON
    except SealBroken:
        reason = REASON
    try:
        restrictions.restrict(
            patient_id=survivor_id, kind=row.kind, reason=reason, purpose=row.purpose,
            categories=row.categories, until=row.ends_at, by=None,
        )  # fmt: skip
    except restrictions.AlreadyInForce:
        return


def install() -> None:
    """Follow every merge of two records; called once at start-up."""
    merges.followers.append(follow)
