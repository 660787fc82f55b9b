"""Which record is a colleague's own, and which are those of a colleague's close family."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.models import User
from security.models.role import Dated, DatedQuerySet


class StaffLink(Dated):
    """A colleague and a record that the colleague must not open: the own one, or that of close family."""

    class Kind(models.TextChoices):
        SELF = "self", _("The colleague's own record")
        PARTNER = "partner", _("Husband, wife or partner")
        CHILD = "child", _("Child")
        PARENT = "parent", _("Mother or father")
        SIBLING = "sibling", _("Sister or brother")
        OTHER = "other", _("Other close family")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        constraints = (
            *Dated.Meta.constraints,
            models.UniqueConstraint(
                fields=["user", "patient"],
                condition=Q(ends_at__isnull=True),
                name="patients_stafflink_one_open",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ends_at__isnull=True, kind="self"),
                name="patients_stafflink_one_self",
            ),
        )

    class Privacy:
        plain = {
            **Dated.Privacy.plain,
            **{name: Plain(level=3, purpose="access") for name in ("user", "patient", "kind")},
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.user_id} {self.kind} {self.patient_id}"
