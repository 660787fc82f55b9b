"""Privacy notices: what people are told, in which words, and who was told."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Patient
from security.classification import Plain
from security.ids import new_id
from security.models import ClinicProfile, User


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Queries over notices."""

    def published(self) -> Self:
        """Keep what was published."""
        return self.filter(published_at__isnull=False)

    def in_force(self, on: date | None = None) -> Self:
        """Keep, of each law, the newest notice that is in effect on a day, today by default."""
        day = on or timezone.localdate()
        later = Notice.objects.filter(
            law=models.OuterRef("law"),
            published_at__isnull=False,
            effective_on__lte=day,
            number__gt=models.OuterRef("number"),
        )
        return self.published().filter(effective_on__lte=day).exclude(models.Exists(later))


class Notice(models.Model):
    """One version of the notice under one law; once published it never changes (a trigger holds that)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    law = models.CharField(max_length=8, choices=ClinicProfile.Law.choices)
    number = models.PositiveIntegerField()
    effective_on = models.DateField(null=True)
    # Whether what changed is such that everybody is told, and asked, again.
    is_material = models.BooleanField(default=True)
    # What changed, for people.
    change = models.CharField(max_length=400, blank=True, default="")
    begun_at = models.DateTimeField(default=timezone.now, editable=False)
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("privacy notice"), _("privacy notices")
        constraints = (
            models.UniqueConstraint(fields=["law", "number"], name="consent_notice_number"),
            models.UniqueConstraint(
                fields=["law"], condition=Q(published_at=None), name="consent_notice_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(effective_on__isnull=False),
                name="consent_notice_published_with_a_day",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "law", "number", "effective_on", "is_material", "change", "begun_at", "begun_by",
                "published_at", "published_by", "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the notice by law and number."""
        return f"{self.law} {self.number}"


class NoticeText(models.Model):
    """The words of a notice in one language, section by section."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=10)
    sections = models.JSONField(default=dict)
    # SHA-256 of the canonical words, written when they are published.
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("words of a notice"), _("words of notices")
        constraints = (
            models.UniqueConstraint(fields=["notice", "language"], name="consent_noticetext_one"),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in ("id", "notice", "language", "sections", "text_sha256", "version")
        }

    def __str__(self) -> str:
        """Name the words by notice and language."""
        return f"{self.notice_id} {self.language}"


class NoticeDelivery(models.Model):
    """One person was told of one notice, or could not be in an emergency; never changed, only added to."""

    class Way(models.TextChoices):
        SHOWN = "shown", _("Shown at the desk")
        PAPER = "paper", _("Handed over on paper")
        POST = "post", _("By post")
        EMAIL = "email", _("By e-mail")
        PORTAL = "portal", _("Read in the portal")
        DEFERRED = "deferred", _("Emergency: to be told afterwards (PIPL 18)")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    language = models.CharField(max_length=10, blank=True, default="")
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    way = models.CharField(max_length=8, choices=Way.choices)
    told_at = models.DateTimeField(default=timezone.now)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # HIPAA asks for a written acknowledgement at the first service, or why there is none.
    acknowledged = models.BooleanField(default=False)

    is_kept_apart = True

    class Meta:
        verbose_name, verbose_name_plural = _("delivery of a notice"), _("deliveries of notices")
        indexes = (
            models.Index(fields=["patient", "notice"], name="consent_delivery_patient"),
            models.Index(fields=["notice", "way"], name="consent_delivery_notice"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="accountability")
            for name in (
                "id", "patient", "notice", "language", "text_sha256", "way", "told_at", "told_by",
                "acknowledged",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its id."""
        return f"delivery {self.pk}"
