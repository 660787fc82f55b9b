"""The directory: published data of practitioners and organizations, stored readable."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import names
from security.classification import Plain
from security.ids import new_id


class DirectoryEntry(models.Model):
    """What belongs to no record; recognised by `identity`, whichever source names it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # "system|value" of the leading identifier, or where the entry came from.
    identity = models.CharField(max_length=500, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Elements without a field, and what other sources say of the same entry; kept for export.
    extra = models.JSONField(default=dict)

    class Meta:
        abstract = True

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="directory")
            for name in ("id", "identity", "created_at", "extra")
        }

    def __str__(self) -> str:
        """Name the entry by its identity."""
        return self.identity


class Contact(DirectoryEntry):
    """An entry that can be reached: a person or an organization."""

    active = models.BooleanField(null=True)
    identifiers = models.JSONField(default=list)
    telecoms = models.JSONField(default=list)
    addresses = models.JSONField(default=list)

    class Meta:
        abstract = True

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="directory")
            for name in ("active", "identifiers", "telecoms", "addresses")
        }


class Practitioner(Contact):
    """A person who treats patients; `user` is the account of one who works here."""

    names = models.JSONField(default=list)
    gender = models.CharField(max_length=8, blank=True, default="")
    qualifications = models.JSONField(default=list)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name, verbose_name_plural = _("practitioner"), _("practitioners")

    class Privacy:
        plain = {
            "names": Plain(level=1, purpose="directory"),
            "gender": Plain(level=2, purpose="directory"),
            "qualifications": Plain(level=1, purpose="directory"),
            "user": Plain(level=2, purpose="directory"),
        }

    @property
    def display_name(self) -> str:
        """Return the name in the order of its script."""
        return names.display(self.names)


class Organization(Contact):
    """A hospital, clinic or payer."""

    name = models.TextField(blank=True, default="")
    types = models.JSONField(default=list)

    class Meta:
        verbose_name, verbose_name_plural = _("organization"), _("organizations")

    class Privacy:
        plain = {
            "name": Plain(level=1, purpose="directory"),
            "types": Plain(level=1, purpose="directory"),
        }


class DirectoryResource(DirectoryEntry):
    """A whole resource of the directory without fields of its own: a place, a role, a service."""

    resource_type = models.CharField(max_length=40)
    resource = models.JSONField()

    class Meta:
        verbose_name, verbose_name_plural = _("directory resource"), _("directory resources")

    class Privacy:
        plain = {
            "resource_type": Plain(level=1, purpose="directory"),
            "resource": Plain(level=1, purpose="directory"),
        }
