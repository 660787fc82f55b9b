"""The register of purposes: what personal data are used for, on what ground, and for how long."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from consent.laws import GROUNDS
from security.access.purposes import Purpose
from security.classification import Category, Plain
from security.ids import new_id
from security.models import User


class ProcessingPurposeQuerySet(models.QuerySet["ProcessingPurpose"]):
    """Queries over the register of purposes."""

    def active(self) -> Self:
        """Keep the purposes for which data may be used now."""
        return self.filter(state=ProcessingPurpose.State.ACTIVE)


class ProcessingPurpose(models.Model):
    """One purpose: legal basis per law, data, recipients, retention (GDPR 30, PIPL 55); never deleted."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("No longer used")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.SlugField(max_length=32, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    description = models.TextField()
    description_zh = models.TextField()
    # Law -> key of a ground in `consent.laws`; a law of the clinic that is missing allows nothing.
    grounds = models.JSONField(default=dict)
    # Why somebody states to use data for it (HL7 purposes of use): the decision asks by these.
    uses = ArrayField(
        models.CharField(max_length=12, choices=[(one, one) for one in Purpose]), default=list
    )
    categories = ArrayField(
        models.CharField(max_length=16, choices=[(one, one) for one in Category]), default=list
    )
    # The highest level of data (GB/T 39725) that this purpose needs.
    level = models.PositiveSmallIntegerField(default=4)
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    # Lists of {"name", "name_zh", "contact", "role": controller or processor}.
    recipients = models.JSONField(default=list, blank=True)
    # Whose data (GDPR 30(1)(c)), by the keys of `consent.vocabulary.PEOPLE`.
    people = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    # Key of a rule of retention, and months where no rule applies.
    retention = models.CharField(max_length=32, blank=True, default="")
    retention_months = models.PositiveSmallIntegerField(null=True)
    is_cross_border = models.BooleanField(default=False)
    needs_separate_consent = models.BooleanField(default=False)
    # Whether one agreement per channel is asked, as for marketing.
    is_per_channel = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ProcessingPurposeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("processing purpose"), _("processing purposes")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(level__gte=1, level__lte=5), name="consent_purpose_level"
            ),
        )

    class Privacy:
        # What the clinic tells everybody; it speaks of no person.
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "key", "state", "name", "name_zh", "description", "description_zh", "grounds",
                "uses", "categories", "level", "channels", "recipients", "people", "retention",
                "retention_months", "is_cross_border", "needs_separate_consent", "is_per_channel", "version",
                "changed_at", "changed_by",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the purpose by its key."""
        return self.key

    @property
    def label(self) -> str:
        """Return its name in the reader's language."""
        return self.name_zh if (translation.get_language() or "").startswith("zh") else self.name

    @property
    def sentence(self) -> str:
        """Return what it is about in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return self.description_zh if is_chinese else self.description

    def needs_consent(self, laws: list[str]) -> bool:
        """Tell whether one of these laws, or the clinic, lets it rest on what the person allowed."""
        grounds = (GROUNDS[law].get(self.grounds.get(law, "")) for law in laws)
        return self.needs_separate_consent or any(one and one.needs_consent for one in grounds)


class ProcessingPurposeVersion(models.Model):
    """What a purpose said from one change to the next; written once (a trigger holds that)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.ForeignKey(
        ProcessingPurpose, on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField()
    # What it said, by the names of its columns.
    content = models.JSONField()
    # Why it was changed; the register is read by the whole staff, so no person is named here.
    reason = models.CharField(max_length=500)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("version of a processing purpose")
        verbose_name_plural = _("versions of processing purposes")
        constraints = (
            models.UniqueConstraint(
                fields=["purpose", "number"], name="consent_purposeversion_number"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "purpose", "number", "content", "reason", "changed_at", "changed_by",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the version by its purpose and number."""
        return f"{self.purpose_id} {self.number}"
