"""The clinical record: what a patient has, takes, was measured and was done."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients.models.protected import Protectable
from patients.models.record import EncounterRecord
from security.sealing import (
    SealedBoolean,
    SealedDecimal,
    SealedInstant,
    SealedJSON,
    SealedText,
)


class ClinicalItem(Protectable, EncounterRecord):
    """An item of the clinical record: what it is called and how it stands are on its card."""

    code_text = SealedText(level=4, purpose="care", card=True)
    status = SealedText(level=4, purpose="care", card=True)
    notes = SealedJSON(level=4, purpose="care")

    class Meta(EncounterRecord.Meta):
        abstract = True


class Condition(ClinicalItem):
    """A diagnosis or problem; corrected by a new version, never overwritten."""

    seal_label = "patients.condition"

    verification = SealedText(level=4, purpose="care", card=True)
    code = SealedJSON(level=4, purpose="care")
    categories = SealedJSON(level=4, purpose="care")
    severity = SealedJSON(level=4, purpose="care")
    onset_at = SealedInstant(level=4, purpose="care")
    abated_at = SealedInstant(level=4, purpose="care")
    recorded_at = SealedInstant(level=4, purpose="care")
    restricted_detail = SealedText(level=5, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("condition"), _("conditions")


class AllergyIntolerance(ClinicalItem):
    """What a patient reacts to; shown wherever the patient's name is."""

    seal_label = "patients.allergy"

    criticality = SealedText(level=4, purpose="care", card=True)
    verification = SealedText(level=4, purpose="care", card=True)
    code = SealedJSON(level=4, purpose="care")
    kind = SealedText(level=4, purpose="care")
    reactions = SealedJSON(level=4, purpose="care")
    onset_at = SealedInstant(level=4, purpose="care")
    recorded_at = SealedInstant(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("allergy"), _("allergies")


class MedicationRequest(ClinicalItem):
    """A prescription, ordered at `occurred_at`."""

    seal_label = "patients.medication"

    intent = SealedText(level=4, purpose="care")
    medication = SealedJSON(level=4, purpose="care")
    dosages = SealedJSON(level=4, purpose="care")
    reason_text = SealedText(level=4, purpose="care")
    reasons = SealedJSON(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("prescription"), _("prescriptions")


class Observation(ClinicalItem):
    """Something measured or found at `occurred_at`."""

    seal_label = "patients.observation"

    value_text = SealedText(level=4, purpose="care", card=True)
    # Laboratory, vital signs, survey: what lists are parted by.
    category_code = SealedText(level=4, purpose="care", card=True)
    code = SealedJSON(level=4, purpose="care")
    categories = SealedJSON(level=4, purpose="care")
    value_number = SealedDecimal(level=4, purpose="care")
    value_unit = SealedText(level=4, purpose="care")
    value_concept = SealedJSON(level=4, purpose="care")
    components = SealedJSON(level=4, purpose="care")
    interpretations = SealedJSON(level=4, purpose="care")
    reference_ranges = SealedJSON(level=4, purpose="care")
    ended_at = SealedInstant(level=4, purpose="care")
    issued_at = SealedInstant(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("observation"), _("observations")


class Immunization(ClinicalItem):
    """A vaccination, given at `occurred_at`."""

    seal_label = "patients.immunization"

    vaccine = SealedJSON(level=4, purpose="care")
    lot_number = SealedText(level=4, purpose="care")
    primary_source = SealedBoolean(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("vaccination"), _("vaccinations")


class Procedure(ClinicalItem):
    """Something done to or with a patient, beginning at `occurred_at`."""

    seal_label = "patients.procedure"

    code = SealedJSON(level=4, purpose="care")
    ended_at = SealedInstant(level=4, purpose="care")
    reason_text = SealedText(level=4, purpose="care")
    reasons = SealedJSON(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("procedure"), _("procedures")


class CarePlan(ClinicalItem):
    """What is planned for a patient, from `occurred_at` on."""

    seal_label = "patients.care_plan"

    intent = SealedText(level=4, purpose="care")
    title = SealedText(level=4, purpose="care")
    description = SealedText(level=4, purpose="care")
    categories = SealedJSON(level=4, purpose="care")
    activities = SealedJSON(level=4, purpose="care")
    ended_at = SealedInstant(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("care plan"), _("care plans")


class DiagnosticReport(ClinicalItem):
    """A report on findings at `occurred_at`, and which observations it is made of."""

    seal_label = "patients.diagnostic_report"

    code = SealedJSON(level=4, purpose="care")
    categories = SealedJSON(level=4, purpose="care")
    results = SealedJSON(level=4, purpose="care")
    conclusion = SealedText(level=4, purpose="care")
    ended_at = SealedInstant(level=4, purpose="care")
    issued_at = SealedInstant(level=4, purpose="care")

    class Meta(ClinicalItem.Meta):
        verbose_name, verbose_name_plural = _("diagnostic report"), _("diagnostic reports")
