"""The person who is cared for."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.visibility import VisibleQuerySet
from patients.names import identifier_texts, one_text, phone_numbers, search_texts
from security.sealing import (
    Category,
    EnvelopeField,
    Index,
    Plain,
    Scope,
    SealedBoolean,
    SealedDate,
    SealedInstant,
    SealedJSON,
    SealedModel,
    SealedText,
)
from security.sealing.index import SearchIndex


class Patient(SealedModel):
    """A person with a record here; names stay in the order and script they were given in."""

    class Confidentiality(models.TextChoices):
        """How much more than usual a chart is watched."""

        NORMAL = "normal", _("Normal")
        VIP = "vip", _("VIP")
        EMPLOYEE = "employee", _("Employee")

    class Sex(models.TextChoices):
        """The administrative gender of FHIR."""

        MALE = "male", _("Male")
        FEMALE = "female", _("Female")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Unknown")

    category, scope, seal_label = Category.DEMOGRAPHICS, Scope.RECORD, "patients.patient"
    heir_field = "merged_into_id"

    confidentiality = models.CharField(
        _("confidentiality"),
        max_length=8,
        choices=Confidentiality.choices,
        default=Confidentiality.NORMAL,
    )
    last_activity_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    source_key = models.BinaryField(max_length=16, null=True, editable=False)
    # The record that this one was found to be the same person's as; nobody opens this one meanwhile.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    sealed_card = EnvelopeField("card")
    names = SealedJSON(
        level=4, purpose="identification", card=True, index=[Index("name", search_texts)]
    )
    birth_on = SealedDate(level=4, purpose="identification", card=True)
    # "year" or "month" where no more is known; else "day".
    birth_precision = SealedText(level=4, purpose="identification", card=True)
    sex = SealedText(level=3, purpose="safety", card=True, choices=Sex.choices)
    record_number = SealedText(
        level=4,
        purpose="identification",
        card=True,
        index=[Index("identifier", one_text, is_exact=True)],
    )
    deceased = SealedBoolean(level=4, purpose="care", card=True)
    deceased_at = SealedInstant(level=4, purpose="care")
    identifiers = SealedJSON(
        level=4,
        purpose="proof",
        category=Category.IDENTIFIERS,
        index=[Index("identifier", identifier_texts, is_exact=True)],
    )
    telecoms = SealedJSON(
        level=4,
        purpose="contact",
        index=[Index("phone", phone_numbers, is_exact=True), Index("tail", phone_numbers)],
    )
    addresses = SealedJSON(level=4, purpose="correspondence")
    contacts = SealedJSON(level=4, purpose="emergency")
    language = SealedText(level=3, purpose="communication")
    marital_status = SealedJSON(level=3, purpose="care")
    extra = SealedJSON(level=4, purpose="care", category=Category.CLINICAL)

    objects = VisibleQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("patient"), _("patients")
        # The object permission that guardian's table holds per person and patient.
        permissions = (("open_chart", "Open the chart"),)
        constraints = (
            models.UniqueConstraint(fields=["source_key"], name="patients_patient_one_source"),
        )
        indexes = (models.Index(fields=["-last_activity_at"], name="patients_patient_activity"),)

    class Privacy:
        plain = {
            "confidentiality": Plain(level=3, purpose="access"),
            "last_activity_at": Plain(level=2, purpose="operation"),
            "created_at": Plain(level=2, purpose="integrity"),
            "source_key": Plain(level=3, purpose="import"),
            "merged_into": Plain(level=3, purpose="access"),
        }
        operational = ("last_activity_at",)


class PatientIndex(SearchIndex):
    """Blind index of patients: names as tokens, phones and identifiers exactly."""

    row = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="index_rows")
    # The patient's own, kept equal by triggers on rows of tokens: a search orders by it and fetches no
    # patient whom it does not show.
    last_activity_at = models.DateTimeField(null=True, editable=False)

    class Meta(SearchIndex.Meta):
        constraints = (
            # One row per patient: a search may join it, and finds it by patient with one probe.
            models.UniqueConstraint(
                fields=["row"],
                condition=models.Q(tokens__isnull=False),
                name="patients_patientindex_one_tokens",
            ),
        )
        indexes = (
            *SearchIndex.Meta.indexes,
            models.Index(
                fields=["-last_activity_at", "-row"],
                condition=models.Q(tokens__isnull=False),
                name="patients_patientindex_activity",
            ),
        )

    class Privacy:
        plain = {
            **SearchIndex.Privacy.plain,
            "last_activity_at": Plain(level=2, purpose="search"),
        }
