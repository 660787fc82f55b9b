"""Data keys, wrapped; read and written by plain SQL in security.sealing.keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from security.classification import Plain, Scope, SubjectKind
from security.ids import new_id


class DataKey(models.Model):
    """One key of one subject and scope; destroying it erases that scope everywhere. A tombstone row stays."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No foreign keys: keys outlive and precede the rows they open, and live in their own backup archive.
    subject_id = models.UUIDField()
    created_for = models.UUIDField()
    subject_kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in SubjectKind])
    scope = models.CharField(max_length=12, choices=[(scope, scope) for scope in Scope])
    kek_version = models.PositiveIntegerField()
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("data key"), _("data keys")
        constraints = (
            models.UniqueConstraint(
                fields=["created_for", "subject_kind", "scope"],
                condition=Q(destroyed_at__isnull=True),
                name="security_datakey_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True, wrapped__isnull=False)
                | Q(destroyed_at__isnull=False, wrapped__isnull=True),
                name="security_datakey_destroyed_is_gone",
            ),
        )
        indexes = (models.Index(fields=["subject_id"], name="security_datakey_subject"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in (
                "id", "subject_id", "created_for", "subject_kind", "scope", "kek_version", "wrapped",
                "created_at", "destroyed_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the key by its id."""
        return f"data key {self.pk}"
