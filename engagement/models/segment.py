"""Groups of people, described and never listed: who belongs to one is worked out when it is asked for."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose
from security.classification import Plain
from security.ids import new_id
from security.models import User


def everybody() -> dict[str, list[object]]:
    """Return the description that narrows nothing."""
    return {"all": []}


class SegmentQuerySet(models.QuerySet["Segment"]):
    """Queries over segments."""

    def in_use(self) -> Self:
        """Keep what was not put away."""
        return self.filter(retired_at__isnull=True)


class Segment(models.Model):
    """A description of people; one that looks at the clinical record holds once a second person agreed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    criteria = models.JSONField(default=everybody)
    # For a clinical criterion: what people must have allowed for their record to be looked at.
    authorisation = models.ForeignKey(
        ProcessingPurpose, on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_clinical = models.BooleanField(default=False)
    authors = ArrayField(models.UUIDField(), default=list)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    # Of the criteria that were agreed to: others are not.
    approved_sha256 = models.CharField(max_length=64, blank=True, default="")
    retired_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("segment"), _("segments")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_clinical=False) | Q(authorisation__isnull=False),
                name="engagement_segment_authorised",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in (
                "id", "name", "criteria", "authorisation", "is_clinical", "authors", "changed_at",
                "changed_by", "approved_by", "approved_at", "approved_sha256", "retired_at", "version",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the row by its id."""
        return f"segment {self.pk}"
