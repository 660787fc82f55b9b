"""Whole FHIR resources of types without rows of their own, kept with the record for export."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.protected import Protectable
from patients.models.record import EncounterRecord
from security.sealing import Category, Plain, Scope, SealedJSON, SealedText


class RecordAttachment(EncounterRecord):
    """A resource kept whole; what it is called is on its card."""

    resource_type = models.CharField(max_length=40)

    title = SealedText(level=4, purpose="care", card=True)
    resource = SealedJSON(level=4, purpose="care")

    class Meta(EncounterRecord.Meta):
        abstract = True

    class Privacy:
        plain = {"resource_type": Plain(level=3, purpose="care")}


class ClinicalAttachment(Protectable, RecordAttachment):
    """A clinical resource kept whole: a goal, an imaging study, a document."""

    seal_label = "patients.clinical_attachment"

    class Meta(RecordAttachment.Meta):
        verbose_name, verbose_name_plural = _("clinical attachment"), _("clinical attachments")


class BillingAttachment(RecordAttachment):
    """A financial resource kept whole: an explanation of benefit, an invoice."""

    category, scope, seal_label = Category.BILLING, Scope.BILLING, "patients.billing_attachment"

    # It may name diagnoses line by line.
    resource = SealedJSON(level=4, purpose="billing", category=Category.BILL_DIAGNOSIS)

    class Meta(RecordAttachment.Meta):
        verbose_name, verbose_name_plural = _("billing attachment"), _("billing attachments")
