"""What a person is asked: one form per purpose, and its versions with the exact words that were shown."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.purpose import ProcessingPurpose
from security.classification import Plain
from security.ids import new_id
from security.models import User


class ConsentForm(models.Model):
    """One form: what it asks about; its words are in its versions."""

    class Kind(models.TextChoices):
        CONSENT = "consent", _("Consent")
        # HIPAA 164.508: six elements and three statements.
        AUTHORISATION = "authorisation", _("Authorisation (HIPAA)")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.SlugField(max_length=40, unique=True)
    kind = models.CharField(max_length=13, choices=Kind.choices, default=Kind.CONSENT)
    purpose = models.ForeignKey(ProcessingPurpose, on_delete=models.PROTECT, related_name="forms")
    # Days before somebody who refused may be asked again, and months after which an agreement ends.
    ask_again_days = models.PositiveIntegerField(default=180)
    months = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("consent form"), _("consent forms")

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "key", "kind", "purpose", "ask_again_days", "months", "created_at", "retired_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the form by its key."""
        return self.key


class ConsentFormVersionQuerySet(models.QuerySet["ConsentFormVersion"]):
    """Queries over versions of forms."""

    def in_force(self) -> Self:
        """Keep what people are shown now."""
        return self.filter(published_at__isnull=False, superseded_at__isnull=True)


class ConsentFormVersion(models.Model):
    """The words of a form in one language; once published they never change (a trigger holds that)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    form = models.ForeignKey(ConsentForm, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=160)
    # The elements of the law, by their keys (`consent.elements`): each is a text that is shown.
    elements = models.JSONField(default=dict)
    # SHA-256 of the canonical words, as every consent event keeps it.
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    superseded_at = models.DateTimeField(null=True)
    # Purpose, way or kinds changed: whoever agreed to earlier words is asked again (PIPL 14).
    is_material = models.BooleanField(default=False)

    objects = ConsentFormVersionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("words of a form"), _("words of forms")
        constraints = (
            models.UniqueConstraint(
                fields=["form", "language", "number"], name="consent_formversion_number"
            ),
            models.UniqueConstraint(
                fields=["form", "language"],
                condition=Q(published_at__isnull=False, superseded_at__isnull=True),
                name="consent_formversion_one_in_force",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "form", "number", "language", "title", "elements", "text_sha256", "written_at",
                "written_by", "published_at", "published_by", "superseded_at", "is_material",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the words by form, language and number."""
        return f"{self.form_id} {self.language} {self.number}"
