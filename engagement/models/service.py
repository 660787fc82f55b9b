"""What the clinic offers by appointment, where, by whom and how long; published, so stored readable."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import Unit, User


class OfferQuerySet(models.QuerySet["Service"]):
    """Queries over what is offered."""

    def active(self) -> Self:
        """Keep what is offered now."""
        return self.filter(is_active=True)


class Named(models.Model):
    """Something with a name in both languages."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        abstract = True

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in ("id", "name", "name_zh", "is_active")
        }

    def __str__(self) -> str:
        """Name the row."""
        return self.name

    @property
    def label(self) -> str:
        """Return its name in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return (is_chinese and self.name_zh) or self.name


class Service(Named):
    """A kind of appointment (FHIR HealthcareService): how long it takes and who may book it."""

    minutes = models.PositiveSmallIntegerField(_("minutes"), default=30)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Whether patients book it by themselves in the portal, or ask for it.
    is_bookable_online = models.BooleanField(default=False)
    # Patients cancel until so many hours before.
    cancel_hours = models.PositiveSmallIntegerField(default=24)
    # Before and after: {"hours": 48, "channels": ["sms", "email"]}, the earliest first.
    reminders = models.JSONField(default=list, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("service"), _("services")

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in ("minutes", "unit", "is_bookable_online", "cancel_hours", "reminders")
        }


class ServicePractitioner(models.Model):
    """Who gives a service; kept as long as appointments of the two may be looked at."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="practitioners")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("practitioner of a service")
        verbose_name_plural = _("practitioners of services")
        constraints = (
            models.UniqueConstraint(
                fields=["service", "user"], name="engagement_servicepractitioner_one"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="organisation")
            for name in ("id", "service", "user", "is_active")
        }

    def __str__(self) -> str:
        """Name the row by its ids."""
        return f"{self.user_id} gives {self.service_id}"


class Room(Named):
    """A place where one appointment at a time takes place (FHIR Location)."""

    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name, verbose_name_plural = _("room"), _("rooms")

    class Privacy:
        plain = {"unit": Plain(level=1, purpose="organisation")}
