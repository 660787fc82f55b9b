"""Which roles and clearances a user holds, with dates; Django's groups are their union."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models.user import User

Row = TypeVar("Row", bound=models.Model, covariant=True)


class DatedQuerySet(models.QuerySet[Row]):
    """Queries for rows that hold between two instants."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Keep rows that hold at an instant, now by default."""
        now = at or timezone.now()
        return self.filter(starts_at__lte=now).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))


class Dated(models.Model):
    """Base of what holds from an instant to an instant and was given by somebody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    granted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("given by"),
    )
    ended_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="%(app_label)s_%(class)s_ends_after_start",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="access")
            for name in ("id", "starts_at", "ends_at", "granted_by", "ended_by")
        }


class RoleAssignment(Dated):
    """A role a user holds; written by `roles.grant` and `roles.end` only."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=24)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        verbose_name, verbose_name_plural = _("role assignment"), _("role assignments")
        indexes = (models.Index(fields=["user", "ends_at"], name="security_role_user"),)

    class Privacy:
        plain = {**Dated.Privacy.plain, "user": Plain(3, "access"), "role": Plain(2, "access")}

    def __str__(self) -> str:
        """Name the role and its holder's handle id."""
        return f"{self.role} {self.user_id}"


class Clearance(Dated):
    """Permission of one named person to read specially protected (level 5) records of the own patients."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="clearances")
    reason = models.CharField(_("reason"), max_length=200)

    objects = DatedQuerySet.as_manager()

    class Meta(Dated.Meta):
        verbose_name, verbose_name_plural = _("clearance"), _("clearances")
        indexes = (models.Index(fields=["user", "ends_at"], name="security_clearance_user"),)

    class Privacy:
        plain = {**Dated.Privacy.plain, "user": Plain(3, "access"), "reason": Plain(3, "access")}

    def __str__(self) -> str:
        """Name the holder's id."""
        return f"clearance {self.user_id}"
