"""One-time links: ways into an account that open once, and the code that opens the set-up of a clinic."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models.user import User


class OneTimeLinkQuerySet(models.QuerySet["OneTimeLink"]):
    """Queries for one-time links."""

    def open(self, at: datetime | None = None) -> Self:
        """Keep links that may still be used."""
        now = at or timezone.now()
        return self.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)

    def unspent(self) -> Self:
        """Keep links that were neither used nor revoked, whether or not their time is over."""
        return self.filter(used_at__isnull=True, revoked_at__isnull=True)


class OneTimeLink(models.Model):
    """A link that opens once for one person; of its token only a keyed digest is kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        PASSWORD_RESET = "password_reset", _("New password")
        FACTOR_RESET = "factor_reset", _("New second factor")
        SETUP = "setup", _("Set-up of the clinic")

    class Checked(models.TextChoices):
        IN_PERSON = "in_person", _("In person, with an identity document")
        VIDEO = "video", _("By video call, face and document")
        CALL_BACK = "call_back", _("Called back on the number in the personnel file")
        VOUCHED = "vouched", _("Vouched for by the direct superior, in person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Nobody where it opens the set-up: there are no accounts yet.
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="one_time_links"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    # How the administrator made sure who asked, where something was lost.
    checked = models.CharField(max_length=12, choices=Checked.choices, blank=True, default="")

    objects = OneTimeLinkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                nulls_distinct=False,
                name="security_onetimelink_one_unspent",
            ),
            models.CheckConstraint(
                condition=Q(kind="setup", user__isnull=True)
                | (~Q(kind="setup") & Q(user__isnull=False)),
                name="security_onetimelink_setup_has_nobody",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(revoked_at__isnull=True),
                name="security_onetimelink_used_or_revoked",
            ),
            models.CheckConstraint(
                condition=~Q(kind="factor_reset") | ~Q(checked=""),
                name="security_onetimelink_reset_is_checked",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="account")
            for name in (
                "id", "user", "kind", "digest", "created_at", "expires_at", "used_at", "revoked_at",
                "issued_by", "checked",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the link by its kind and holder's id."""
        return f"{self.kind} {self.user_id}"


class ResetRequest(models.Model):
    """Somebody asked for a new password: by a keyed hash alone, whether or not there is an account."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name_kind = models.CharField(max_length=8)
    name_hash = models.BinaryField(max_length=16)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="account")
            for name in ("id", "name_kind", "name_hash", "asked_at")
        }

    def __str__(self) -> str:
        """Name nothing."""
        return "reset request"
