"""Who belongs to a patient: family, household, emergency contacts, those who decide for the patient."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from security.sealing import (
    Category,
    Plain,
    SealedBoolean,
    SealedDate,
    SealedJSON,
    SealedModel,
    SealedText,
)


class Relation(SealedModel):
    """What somebody is to a patient, for a time; either another patient here or a person from outside."""

    class Kind(models.TextChoices):
        """Codes of HL7 v3 RoleCode, as FHIR RelatedPerson uses them."""

        MOTHER = "MTH", _("Mother")
        FATHER = "FTH", _("Father")
        PARENT = "PRN", _("Parent")
        SPOUSE = "SPS", _("Spouse")
        PARTNER = "DOMPART", _("Partner")
        CHILD = "CHILD", _("Child")
        SIBLING = "SIB", _("Sister or brother")
        GRANDPARENT = "GRPRN", _("Grandparent")
        GRANDCHILD = "GRNDCHILD", _("Grandchild")
        FAMILY = "FAMMEMB", _("Other relative")
        GUARDIAN = "GUARD", _("Appointed guardian")
        FRIEND = "FRND", _("Friend")
        NEIGHBOUR = "NBOR", _("Neighbour")
        HOUSEMATE = "ROOM", _("Shares the home")
        OTHER = "O", _("Other")

    category, seal_label = Category.DEMOGRAPHICS, "patients.relation"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    related = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    kind = SealedText(level=3, purpose="emergency", choices=Kind.choices)
    # Of a person from outside; a patient here is named by the own record alone.
    names = SealedJSON(level=4, purpose="emergency")
    telecoms = SealedJSON(level=4, purpose="emergency")
    shares_home = SealedBoolean(level=3, purpose="household")
    is_emergency_contact = SealedBoolean(level=3, purpose="emergency")
    is_legal_representative = SealedBoolean(level=4, purpose="representation")
    is_guardian = SealedBoolean(level=4, purpose="representation")
    starts_on = SealedDate(level=3, purpose="validity")
    ends_on = SealedDate(level=3, purpose="validity")

    class Meta:
        verbose_name, verbose_name_plural = _("relation"), _("relations")
        constraints = (
            models.CheckConstraint(
                condition=Q(related__isnull=True) | ~Q(related=F("patient")),
                name="patients_relation_of_another",
            ),
        )

    class Privacy:
        plain = {
            "patient": Plain(level=3, purpose="care"),
            "related": Plain(level=3, purpose="care"),
            "created_at": Plain(level=2, purpose="integrity"),
        }

    def holds_on(self, day: date) -> bool:
        """Tell whether the relation holds on a day, the first and the last included."""
        starts_on, ends_on = self.starts_on, self.ends_on
        return (starts_on is None or starts_on <= day) and (ends_on is None or day <= ends_on)
