"""Organisation units and who belongs to them, with dates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models.role import Dated, DatedQuerySet
from security.models.user import User


class Unit(models.Model):
    """A part of the organisation: the clinic, a department, or a care team."""

    class Kind(models.TextChoices):
        CLINIC = "clinic", _("Clinic")
        DEPARTMENT = "department", _("Department")
        TEAM = "team", _("Care team")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("part of")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("unit"), _("units")

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in ("id", "name", "name_zh", "kind", "parent", "is_active")
        }

    def __str__(self) -> str:
        """Name the unit."""
        return self.name


class Membership(Dated):
    """A user's time in a unit; membership of a care team reaches that team's patients."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("unit")
    )

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        verbose_name, verbose_name_plural = _("membership"), _("memberships")
        indexes = (models.Index(fields=["unit", "ends_at"], name="security_membership_unit"),)

    class Privacy:
        plain = {**Dated.Privacy.plain, "user": Plain(3, "access"), "unit": Plain(2, "access")}

    def __str__(self) -> str:
        """Name user and unit by id."""
        return f"{self.user_id} in {self.unit_id}"
