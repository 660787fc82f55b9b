"""Claims and who pays them; sealed under the patient's billing key."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from patients.models.record import EncounterRecord, PatientRecord
from security.sealing import (
    Category,
    Scope,
    SealedDecimal,
    SealedInstant,
    SealedJSON,
    SealedText,
)


class Claim(EncounterRecord):
    """A bill sent to a payer, made at `occurred_at`."""

    category, scope, seal_label = Category.BILLING, Scope.BILLING, "patients.claim"

    status = SealedText(level=4, purpose="billing", card=True)
    use = SealedText(level=4, purpose="billing", card=True)
    type_text = SealedText(level=4, purpose="billing", card=True)
    total = SealedDecimal(level=4, purpose="billing", card=True)
    currency = SealedText(level=3, purpose="billing", card=True)
    claim_type = SealedJSON(level=4, purpose="billing")
    billed_from = SealedInstant(level=4, purpose="billing")
    billed_to = SealedInstant(level=4, purpose="billing")
    insurances = SealedJSON(level=4, purpose="billing")
    # What was done and why, line by line: a diagnosis on the bill is its own category.
    items = SealedJSON(level=4, purpose="billing", category=Category.BILL_DIAGNOSIS)
    diagnoses = SealedJSON(level=4, purpose="billing", category=Category.BILL_DIAGNOSIS)
    extra = SealedJSON(level=4, purpose="billing", category=Category.BILL_DIAGNOSIS)

    class Meta(EncounterRecord.Meta):
        verbose_name, verbose_name_plural = _("claim"), _("claims")
        indexes = (  # type: ignore[assignment]  # one more than the base has
            *EncounterRecord.Meta.indexes,
            # The desk lists the claims of everybody, the newest first.
            models.Index(
                F("occurred_at").desc(nulls_last=True), F("id").desc(), name="rec_claim_newest"
            ),
        )


class Coverage(PatientRecord):
    """An insurance or other payer, from `occurred_at` on."""

    category, scope, seal_label = Category.BILLING, Scope.BILLING, "patients.coverage"

    status = SealedText(level=4, purpose="billing", card=True)
    payer_text = SealedText(level=4, purpose="billing", card=True)
    type_text = SealedText(level=4, purpose="billing", card=True)
    coverage_type = SealedJSON(level=4, purpose="billing")
    payers = SealedJSON(level=4, purpose="billing")
    member_number = SealedText(level=4, purpose="billing", category=Category.IDENTIFIERS)
    ended_at = SealedInstant(level=4, purpose="billing")
    extra = SealedJSON(level=4, purpose="billing", category=Category.IDENTIFIERS)

    class Meta(PatientRecord.Meta):
        verbose_name, verbose_name_plural = _("coverage"), _("coverages")
