"""Disclosures to somebody outside, of which the law wants an account (HIPAA 164.528)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient
from security.classification import Plain
from security.models import User
from security.sealing import Category, SealedDate, SealedModel, SealedText


class Disclosure(SealedModel):
    """One disclosure of a patient's data to somebody outside; noted once and never changed."""

    class Ground(models.TextChoices):
        """Why it was disclosed; the first group is accounted for, the second is left out by law."""

        LAW = "law", _("Required by law")
        PUBLIC_HEALTH = "public_health", _("Public health authority")
        ABUSE = "abuse", _("Report of abuse, neglect or violence")
        OVERSIGHT = "oversight", _("Health oversight")
        COURT = "court", _("Court or administrative proceedings")
        POLICE = "police", _("Law enforcement")
        DEATH = "death", _("Coroner, medical examiner or funeral director")
        ORGANS = "organs", _("Organ or tissue donation")
        RESEARCH = "research", _("Research without authorisation")
        THREAT = "threat", _("Serious threat to health or safety")
        GOVERNMENT = "government", _("Specialised government functions")
        WORK = "work", _("Workers' compensation")
        MISTAKE = "mistake", _("By mistake or against the law")
        OTHER = "other", _("Another disclosure")
        TREATMENT = "treatment", _("Treatment")
        PAYMENT = "payment", _("Payment")
        OPERATIONS = "operations", _("Healthcare operations")
        PATIENT = "patient", _("To the patient, or on the patient's own request")
        AUTHORISED = "authorised", _("With the patient's authorisation")
        FAMILY = "family", _("To people involved in the care")
        SECURITY = "security", _("National security or custody")
        LIMITED = "limited", _("Limited data set")

    category, seal_label, subject_field = Category.RIGHTS, "patients.disclosure", "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(default=timezone.now, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    disclosed_on = SealedDate(level=4, purpose="accountability")
    recipient = SealedText(level=4, purpose="accountability")
    address = SealedText(level=4, purpose="accountability", blank=True)
    what = SealedText(level=4, purpose="accountability")
    why = SealedText(level=4, purpose="accountability")
    ground = SealedText(level=4, purpose="accountability", choices=Ground.choices)
    legal_basis = SealedText(level=4, purpose="accountability", blank=True)
    # An authority may ask that the patient is not told until a day (164.528(a)(2)).
    silent_until = SealedDate(level=4, purpose="accountability", blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("disclosure"), _("disclosures")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("patient", "noted_at", "noted_by")
        }
