"""Who cares for whom: the truth, and the object permission that is its union."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from security.classification import Plain
from security.models import Unit, User
from security.models.role import Dated, DatedQuerySet


class CareRelationship(Dated):
    """One ground on which one person reaches one patient; many per pair, ended and never deleted."""

    class Source(models.TextChoices):
        RESPONSIBLE = "responsible", _("Responsible clinician")
        TEAM = "team", _("Care team")
        IMPORT = "import", _("Earlier visits (imported)")
        APPOINTMENT = "appointment", _("Appointment")
        REFERRAL = "referral", _("Referral")
        REQUEST = "request", _("Accepted request")
        CASE = "case", _("Compliance case")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="care_relationships")
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="care_relationships"
    )
    source = models.CharField(max_length=12, choices=Source.choices)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        constraints = (
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["user", "patient", "source", "unit"],
                condition=Q(ends_at__isnull=True),
                nulls_distinct=False,
                name="patients_carerelationship_one_open",
            ),
            models.CheckConstraint(
                condition=Q(source="team", unit__isnull=False)
                | (~Q(source="team") & Q(unit__isnull=True)),
                name="patients_carerelationship_team_has_unit",
            ),
        )
        indexes = (
            models.Index(fields=["user", "patient", "ends_at"], name="patients_carerel_user"),
            models.Index(fields=["patient", "ends_at"], name="patients_carerel_patient"),
        )

    class Privacy:
        plain = {
            **Dated.Privacy.plain,
            **{
                name: Plain(level=3, purpose="access")
                for name in ("user", "patient", "source", "unit")
            },
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.source} {self.user_id} {self.patient_id}"


class TeamAssignment(Dated):
    """A patient's time with a care team; each member of the team reaches the patient meanwhile."""

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="team_assignments"
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="patient_assignments")

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        constraints = (
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "unit"],
                condition=Q(ends_at__isnull=True),
                name="patients_teamassignment_one_open",
            ),
        )

    class Privacy:
        plain = {
            **Dated.Privacy.plain,
            **{name: Plain(level=3, purpose="access") for name in ("patient", "unit")},
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.patient_id} with {self.unit_id}"


class ChartPermissionQuerySet(models.QuerySet["ChartPermission"]):
    """Queries for object permissions with a time."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep permissions that hold at an instant, now by default."""
        now = at or timezone.now()
        return self.filter(Q(starts_at__isnull=True) | Q(starts_at__lte=now)).filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        )


class ChartPermission(UserObjectPermissionBase):
    """guardian's `open_chart` per (user, patient): the union of their relationships, rebuilt by each deed."""

    content_object = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="+"
    )
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    # Not guardian's own manager: that one gives permissions without a time.
    objects = ChartPermissionQuerySet.as_manager()  # type: ignore[misc, assignment]

    class Meta:
        # One row per stretch of time: relationships may lie apart, and two of them are not one long one.
        unique_together = (("user", "permission", "content_object", "starts_at"),)
        indexes = (
            models.Index(fields=["user", "content_object", "ends_at"], name="patients_chart_user"),
            models.Index(fields=["content_object"], name="patients_chart_patient"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="access")
            for name in ("id", "user", "permission", "content_object", "starts_at", "ends_at")
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.user_id} opens {self.content_object_id}"
