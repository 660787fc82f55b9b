"""The clinic that runs this installation: one row, written by its set-up."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.models.unit import Unit

GUARDIAN_AGE_LIMIT = 21


class ClinicProfile(models.Model):
    """Who runs this installation, under which laws, in which languages; there is one, for good."""

    class Law(models.TextChoices):
        HIPAA = "hipaa", _("HIPAA (United States)")
        GDPR = "gdpr", _("GDPR (European Union)")
        PIPL = "pipl", _("PIPL (China)")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, related_name="profile")
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True, default="")
    laws = ArrayField(models.CharField(max_length=8, choices=Law.choices))
    # The first is what new accounts speak.
    languages = ArrayField(models.CharField(max_length=10))
    time_zone = models.CharField(max_length=64)
    # Below this age a guardian decides, unless a patient's own entry says otherwise (PIPL 31: 14).
    guardian_age = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(0), MaxValueValidator(GUARDIAN_AGE_LIMIT)]
    )
    set_up_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("clinic"), _("clinics")
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="security_clinicprofile_one"),
            models.CheckConstraint(
                condition=Q(guardian_age__lte=GUARDIAN_AGE_LIMIT),
                name="security_clinicprofile_guardian_age",
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in (
                "id", "unit", "name", "name_zh", "laws", "languages", "time_zone", "guardian_age",
                "set_up_at",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the clinic."""
        return self.name
