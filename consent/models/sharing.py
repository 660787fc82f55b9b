"""Data of a patient on the way to somebody outside: to whom, what, on what ground, and whether it left."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from consent.models.purpose import ProcessingPurpose
from patients.models import Disclosure, Patient
from security.classification import Plain
from security.ids import new_id
from security.models import User
from security.sealing import Category, Scope, SealedJSON, SealedModel, SealedQuerySet, SealedText


class RecipientQuerySet(models.QuerySet["Recipient"]):
    """Queries over the register of recipients."""

    def in_use(self) -> Self:
        """Keep those to whom data may go."""
        return self.filter(retired_at__isnull=True)


class Recipient(models.Model):
    """Somebody outside to whom data of patients may go; never deleted, for the accounting names it."""

    class Kind(models.TextChoices):
        PROVIDER = "provider", _("Hospital or practice")
        HEALTH_PLAN = "health_plan", _("Health plan or insurance")
        AUTHORITY = "authority", _("Authority")
        COURT = "court", _("Court or lawyer")
        EMPLOYER = "employer", _("Employer")
        SCHOOL = "school", _("School or university")
        RESEARCHER = "researcher", _("Researcher")
        RELATIVE = "relative", _("Relative or friend")
        PROCESSOR = "processor", _("Company that works for the clinic")
        OTHER = "other", _("Other")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Consents name it by this: the channel of a consent to sharing.
    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    name_zh = models.CharField(max_length=160, blank=True, default="")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    contact = models.CharField(max_length=400)
    # Two letters (ISO 3166-1), and whether that is abroad for this clinic.
    country = models.CharField(max_length=2)
    is_abroad = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recipient"), _("recipients")

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "key", "name", "name_zh", "kind", "contact", "country", "is_abroad", "made_at",
                "made_by", "retired_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the recipient by its key."""
        return self.key

    @property
    def label(self) -> str:
        """Return its name in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return self.name_zh if is_chinese and self.name_zh else self.name


class SharingQuerySet(SealedQuerySet["Sharing"]):
    """Queries over what goes to others."""

    def waiting(self) -> Self:
        """Keep what was prepared and did not leave yet."""
        return self.filter(state__in=(Sharing.State.PREPARED, Sharing.State.ASKED))


class Sharing(SealedModel):
    """One disclosure to one recipient: exactly the items that were looked at leave, once, or nothing does."""

    class State(models.TextChoices):
        PREPARED = "prepared", _("Being looked at")
        ASKED = "asked", _("File asked for")
        LEFT = "left", _("Disclosed")
        CANCELLED = "cancelled", _("Cancelled")

    category, scope, seal_label = Category.RIGHTS, Scope.CONSENT, "consent.sharing"
    subject_field = "patient_id"
    is_kept_apart = True

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="sharings")
    processing = models.ForeignKey(ProcessingPurpose, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=13, choices=Disclosure.Ground.choices)
    # The consent event that authorises it, where one has to.
    event_id = models.UUIDField(null=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PREPARED)
    sections = ArrayField(models.CharField(max_length=16), default=list)
    since_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    with_protected = models.BooleanField(default=False)
    prepared_at = models.DateTimeField(default=timezone.now, editable=False)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    export_id = models.UUIDField(null=True)
    left_at = models.DateTimeField(null=True)

    # [[section, id, version]] of what was looked at; what changed since then does not leave.
    items = SealedJSON(level=4, purpose="accountability")
    why = SealedText(level=4, purpose="accountability")
    legal_basis = SealedText(level=4, purpose="accountability", blank=True)

    objects = SharingQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name, verbose_name_plural = (
            _("disclosure to a third party"),
            _("disclosures to third parties"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="left", left_at__isnull=False)
                | (~Q(state="left") & Q(left_at=None)),
                name="consent_sharing_left_pair",
            ),
        )
        indexes = (models.Index(fields=["patient", "-prepared_at"], name="consent_sharing_of"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "patient", "recipient", "processing", "ground", "event_id", "state", "sections",
                "since_on", "until_on", "with_protected", "prepared_at", "prepared_by", "export_id",
                "left_at",
            )
        }  # fmt: skip
