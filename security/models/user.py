"""Accounts of staff and patients, one table; names and addresses are sealed, the handle is public."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Category, Plain, SubjectKind
from security.sealing.columns import EnvelopeField
from security.sealing.fields import Index, SealedText
from security.sealing.index import SearchIndex
from security.sealing.queryset import SealedQuerySet
from security.sealing.rows import SealedModel

# Crockford's base 32 without letters that are taken for figures.
HANDLE_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_handle() -> str:
    """Return a random public handle; it tells nothing of its person."""
    return "u-" + "".join(secrets.choice(HANDLE_LETTERS) for _ in range(10))


def one_text(value: Any) -> list[str]:
    """Return a text as the list of texts to index."""
    return [value] if value else []


class UserQuerySet(SealedQuerySet["User"]):
    """Queries for accounts."""

    def staff(self) -> UserQuerySet:
        """Keep staff accounts."""
        return self.filter(kind=User.Kind.STAFF)

    def active(self) -> UserQuerySet:
        """Keep accounts that may sign in."""
        return self.filter(is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Manager that Django's authentication asks for by natural key; accounts are made by `users.create`."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the account with a handle."""
        user: User = self.get(handle=username)
        return user


class User(SealedModel, AbstractBaseUser, PermissionsMixin):
    """A person who signs in; deactivated, never deleted. A patient is never staff of any kind."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("Staff")
        PATIENT = "patient", _("Patient")

    category, seal_label, subject_kind = Category.ACCOUNT, "security.user", SubjectKind.USER

    handle = models.CharField(_("handle"), max_length=40, unique=True, default=new_handle)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.STAFF)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the administration"), default=False)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    must_change_password = models.BooleanField(default=False)
    # What monitoring asks of the account: a factor or a session from before these times is too old, and
    # until the last one charts open slowly.
    fresh_factor_from = models.DateTimeField(null=True, editable=False)
    sessions_from = models.DateTimeField(null=True, editable=False)
    slowed_until = models.DateTimeField(null=True, editable=False)

    sealed_card = EnvelopeField("card")
    display_name = SealedText(level=4, purpose="account", card=True)
    email = SealedText(level=4, purpose="account", index=[Index("email", one_text, is_exact=True)])
    phone = SealedText(level=4, purpose="account", index=[Index("phone", one_text, is_exact=True)])

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name, verbose_name_plural = _("user"), _("users")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="staff") | Q(is_staff=False, is_superuser=False),
                name="security_user_patients_are_no_staff",
            ),
        )

    class Privacy:
        plain = {
            "handle": Plain(level=2, purpose="account"),
            "kind": Plain(level=2, purpose="account"),
            "password": Plain(level=3, purpose="account"),
            "is_active": Plain(level=2, purpose="account"),
            "is_staff": Plain(level=2, purpose="account"),
            "is_superuser": Plain(level=2, purpose="account"),
            "language": Plain(level=2, purpose="account"),
            "created_at": Plain(level=2, purpose="account"),
            "ends_on": Plain(level=3, purpose="account"),
            "must_change_password": Plain(level=2, purpose="account"),
            "fresh_factor_from": Plain(level=2, purpose="security"),
            "sessions_from": Plain(level=2, purpose="security"),
            "slowed_until": Plain(level=2, purpose="security"),
            "last_login": Plain(level=3, purpose="account"),
            "groups": Plain(level=2, purpose="access"),
            "user_permissions": Plain(level=2, purpose="access"),
        }
        # Written by Django's sign-in, by the person, and by what monitoring answers with, for hours at most.
        operational = (
            "last_login", "language", "fresh_factor_from", "sessions_from", "slowed_until",
        )  # fmt: skip

    def __str__(self) -> str:
        """Name the account by its public handle."""
        return self.handle

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Ask the backends; a superuser has no short cut."""
        return any(backend.has_perm(self, perm, obj) for backend in auth.get_backends())

    def has_module_perms(self, app_label: str) -> bool:
        """Ask the backends; a superuser has no short cut."""
        asked = (getattr(one, "has_module_perms", None) for one in auth.get_backends())
        return any(ask(self, app_label) for ask in asked if ask is not None)


class UserIndex(SearchIndex):
    """Blind index of accounts: sign-in works on it, so that typed names are stored nowhere."""

    row = models.ForeignKey(User, on_delete=models.CASCADE, related_name="index_rows")
    account_kind = models.CharField(max_length=8, choices=User.Kind.choices)

    class Meta(SearchIndex.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=["account_kind", "kind", "exact"],
                condition=Q(exact__isnull=False),
                name="security_userindex_one_account",
            ),
        )

    class Privacy:
        plain = {**SearchIndex.Privacy.plain, "account_kind": Plain(level=2, purpose="search")}
