"""The cross-border register (PIPL 38-39, GDPR 44-46): who receives data abroad, and whose data went."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from consent.models.purpose import ProcessingPurpose
from patients.models import Patient
from security.classification import Category, Plain
from security.ids import new_id
from security.models import User


class OverseasRecipientQuerySet(models.QuerySet["OverseasRecipient"]):
    """Queries over recipients abroad."""

    def open(self) -> Self:
        """Keep those to whom data may still go, as far as the register says."""
        return self.filter(ended_at__isnull=True)

    def expiring(self, by: date) -> Self:
        """Keep open ones whose mechanism ends by a day."""
        return self.open().filter(expires_on__lte=by)


class OverseasRecipient(models.Model):
    """Somebody abroad who receives data of patients, and the mechanism that allows it; never deleted."""

    class Mechanism(models.TextChoices):
        ASSESSMENT = "assessment", _("Security assessment passed (PIPL 40)")
        CONTRACT = "contract", _("Standard contract filed (PIPL 38(3))")
        CERTIFICATION = "certification", _("Certification (PIPL 38(2))")
        EXEMPT = "exempt", _("Exempt by volume")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Under which consents name it: the channel of a consent to cross-border transfer.
    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160)
    contact = models.CharField(max_length=300)
    country = models.CharField(max_length=2)
    purpose = models.ForeignKey(
        ProcessingPurpose, on_delete=models.PROTECT, related_name="recipients_abroad"
    )
    categories = ArrayField(
        models.CharField(max_length=16, choices=[(one, one) for one in Category])
    )
    mechanism = models.CharField(max_length=13, choices=Mechanism.choices)
    reference = models.CharField(max_length=120, blank=True, default="")
    mechanism_on = models.DateField()
    expires_on = models.DateField(null=True)
    needs_separate_consent = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = OverseasRecipientQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recipient abroad"), _("recipients abroad")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("mechanism_on")),
                name="consent_recipient_expires_after",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "key", "name", "name_zh", "contact", "country", "purpose", "categories",
                "mechanism", "reference", "mechanism_on", "expires_on", "needs_separate_consent",
                "version", "changed_at", "changed_by", "ended_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the recipient by its key."""
        return self.key

    @property
    def label(self) -> str:
        """Return its name in the reader's language."""
        return self.name_zh if (translation.get_language() or "").startswith("zh") else self.name


class Transfer(models.Model):
    """One sending of data of one patient abroad; written once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recipient = models.ForeignKey(
        OverseasRecipient, on_delete=models.PROTECT, related_name="transfers"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # The day of the clinic's calendar, which the counters go by.
    sent_on = models.DateField()
    is_sensitive = models.BooleanField()
    categories = ArrayField(models.CharField(max_length=16))
    sent_at = models.DateTimeField(default=timezone.now)
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    is_kept_apart = True

    class Meta:
        verbose_name, verbose_name_plural = _("transfer abroad"), _("transfers abroad")
        indexes = (
            models.Index(fields=["sent_on", "is_sensitive"], name="consent_transfer_day"),
            models.Index(fields=["patient", "-sent_at"], name="consent_transfer_of"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "recipient", "patient", "sent_on", "is_sensitive", "categories", "sent_at",
                "sent_by",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the transfer by its id."""
        return f"transfer {self.pk}"


class TransferPerson(models.Model):
    """One person whose data went abroad in a calendar year, counted once for each kind of data."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField()
    is_sensitive = models.BooleanField()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    first_on = models.DateField()

    is_kept_apart = True

    class Meta:
        verbose_name, verbose_name_plural = _("person counted"), _("people counted")
        constraints = (
            models.UniqueConstraint(
                fields=["year", "is_sensitive", "patient"], name="consent_transferperson_once"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in ("id", "year", "is_sensitive", "patient", "first_on")
        }

    def __str__(self) -> str:
        """Name the row by its id."""
        return f"counted {self.pk}"
