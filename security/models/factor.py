"""Second factors: a TOTP secret, sealed, and recovery codes, hashed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device

from security.classification import Category, Plain, SubjectKind
from security.ids import new_id
from security.models.user import User
from security.sealing.fields import SealedText
from security.sealing.rows import SealedModel


class TotpFactor(SealedModel, Device):  # type: ignore[misc]  # django-otp has no types
    """An authenticator app (RFC 6238, SHA-1, 6 digits, 30 s); its secret is sealed and shown once."""

    category, seal_label = Category.ACCOUNT, "security.totp"
    subject_kind, subject_field = SubjectKind.USER, "user_id"

    secret = SealedText(level=4, purpose="account")
    # The last 30-second step that was accepted: a code works once, in parallel too.
    last_step = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("authenticator app"), _("authenticator apps")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="account")
            for name in ("user", "name", "confirmed", "last_step", "created_at", "last_used_at")
        }
        operational = ("last_step", "last_used_at")

    @property
    def persistent_id(self) -> str:
        """Return the id that a session keeps; django-otp reads it back as a whole number."""
        return f"{self.model_label()}/{self.pk.int}"


class RecoveryCode(models.Model):
    """One of ten codes for a lost authenticator; kept as a password hash, works once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    ordinal = models.PositiveSmallIntegerField()
    hashed = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "ordinal"], name="security_recoverycode_one_each"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="account")
            for name in ("id", "user", "ordinal", "hashed", "created_at", "used_at")
        }

    def __str__(self) -> str:
        """Name the code by its place."""
        return f"recovery code {self.ordinal} of {self.user_id}"
