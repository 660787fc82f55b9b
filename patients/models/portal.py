"""Which records a patient's account opens, and in what capacity."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.models import User
from security.models.role import Dated, DatedQuerySet


class PortalAccount(Dated):
    """Links an account of kind patient to a record: one's own, or one that the person represents."""

    class Capacity(models.TextChoices):
        SELF = "self", _("The patient")
        GUARDIAN = "guardian", _("Guardian")
        REPRESENTATIVE = "representative", _("Representative")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="portal_accounts")
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="portal_accounts"
    )
    capacity = models.CharField(max_length=14, choices=Capacity.choices)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        constraints = (
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["user", "patient"],
                condition=Q(ends_at__isnull=True),
                name="patients_portalaccount_one_open",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ends_at__isnull=True, capacity="self"),
                name="patients_portalaccount_one_self",
            ),
        )

    class Privacy:
        plain = {
            **Dated.Privacy.plain,
            **{name: Plain(level=3, purpose="access") for name in ("user", "patient", "capacity")},
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.user_id} {self.capacity} {self.patient_id}"
