"""Accounts: made, found by their sign-in name, given passwords, disabled; never deleted."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password, verify_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from security import context, trail
from security.access.gate import Refused
from security.models import OneTimeLink, User, UserIndex
from security.sealing import index, normalise
from security.services import notices, one_time_links

# Accounts of earlier versions got a first password on paper; it is over after so long (ASVS 6.4.1).
FIRST_PASSWORD_LASTS = timedelta(days=7)

PASSWORD_LINKS = (OneTimeLink.Kind.INVITATION, OneTimeLink.Kind.PASSWORD_RESET)


class AlreadyInUse(Refused):
    """Another account of this kind signs in with the same e-mail address or phone number."""


class NoSignInName(Refused):
    """An account needs an e-mail address or a phone number to sign in with."""


class OwnAccount(Refused):
    """Nobody disables or resets the own account this way."""


def kind_of_name(typed: str) -> str:
    """Return which sealed field a typed sign-in name is compared with."""
    return "email" if "@" in typed else "phone"


def is_same_name(name_kind: str, stored: str | None, typed: str) -> bool:
    """Compare a stored sign-in name with a typed one, both normalised."""
    compare = normalise.email if name_kind == "email" else normalise.phone
    return bool(stored) and compare(str(stored)) == compare(typed)


def find_by_sign_in_name(*, kind: str, typed: str) -> User | None:
    """Return the account of a kind that signs in with what was typed; it is stored nowhere."""
    name_kind = kind_of_name(typed)
    user: User | None = User.objects.filter(
        index_rows__account_kind=kind,
        index_rows__kind=name_kind,
        index_rows__exact=index.exact_hash(name_kind, typed),
    ).first()
    if user is None:
        return None
    with context.matching():
        return user if is_same_name(name_kind, getattr(user, name_kind), typed) else None


@transaction.atomic
def create(
    *,
    kind: str,
    display_name: str,
    email: str = "",
    phone: str = "",
    language: str = "",
    password: str | None = None,
    by: User | None,
) -> User:
    """Make an account; without a password it can not sign in until a link sets one."""
    if not email and not (phone and normalise.digits(phone)):
        raise NoSignInName(_("An e-mail address or a phone number is needed to sign in."))
    user = User(kind=kind, language=language, display_name=display_name)
    user.email, user.phone = email, phone
    user.password = make_password(password)
    user.save()
    _write_index(user)
    trail.record("security.user.created", by=by, subjects=[user.pk], changed=[user], obj=user)
    return user


def _write_index(user: User) -> None:
    with context.matching():
        made = index.entries_of(user, UserIndex)
    entries = [entry for entry in made if isinstance(entry, UserIndex)]
    for entry in entries:
        entry.account_kind = user.kind
    try:
        with transaction.atomic():
            UserIndex.objects.filter(row_id=user.pk).delete()
            UserIndex.objects.bulk_create(entries)
    except IntegrityError as error:
        raise AlreadyInUse(
            _("Another account uses this e-mail address or phone number.")
        ) from error


@transaction.atomic
def deactivate(*, user: User, by: User | None) -> User:
    """Disable an account; its sessions end with their next request."""
    if by is not None and by.pk == user.pk:
        raise OwnAccount(_("You cannot disable your own account."))
    changed = _change(user, "security.user.deactivated", by=by, is_active=False)
    one_time_links.revoke(user=changed, kinds=OneTimeLink.Kind.values, by=by)
    return changed


@transaction.atomic
def reactivate(*, user: User, by: User | None) -> User:
    """Let a disabled account sign in again."""
    return _change(user, "security.user.reactivated", by=by, is_active=True)


@transaction.atomic
def end_on(*, user: User, day: date | None, by: User | None) -> User:
    """Set the last day of an account, or none."""
    if by is not None and by.pk == user.pk:
        raise OwnAccount(_("You cannot change the last day of your own account."))
    return _change(user, "security.user.last_day_set", by=by, ends_on=day)


@transaction.atomic
def set_language(*, user: User, language: str) -> None:
    """Remember the language a person chose."""
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


@transaction.atomic
def set_password(*, user: User, password: str, by: User | None) -> User:
    """Set a password that the validators accept; every other session of the account ends.

    Raises django.core.exceptions.ValidationError with the sentences of what is wrong with it.
    """
    locked = _locked(user.pk)
    password_validation.validate_password(password, locked)
    changed = _change(
        locked,
        "security.user.password_changed",
        by=by,
        password=make_password(password),
        must_change_password=False,
    )
    # A link that was sent before leaves no second way in behind.
    one_time_links.revoke(user=changed, kinds=PASSWORD_LINKS, by=by)
    notices.credential_changed(user=changed, what=_("Your password was changed."), by=by)
    return changed


def is_password(*, user: User, password: str) -> bool:
    """Tell whether this is the account's password; renew its hash when the work factor rose."""
    is_right, is_outdated = verify_password(password, user.password)
    if is_right and is_outdated:
        _renew_hash(user, password)
    return is_right


@transaction.atomic
def _renew_hash(user: User, password: str) -> None:
    # AbstractBaseUser.check_password would save the column alone and pass the row's version by.
    locked = _locked(user.pk)
    _change(locked, "security.user.password_rehashed", by=None, password=make_password(password))
    user.refresh_from_db()


def _locked(user_id: UUID) -> User:
    found: User = User.objects.select_for_update().get(pk=user_id)
    return found


def _change(user: User, action: str, *, by: User | None, **values: object) -> User:
    locked = _locked(user.pk)
    for name, value in values.items():
        setattr(locked, name, value)
    locked.advance()
    locked.save()
    fields = [f"{locked.seal_label}.{name}" for name in values]
    trail.record(action, by=by, subjects=[locked.pk], changed=[locked], obj=locked, fields=fields)
    context.current().forget_decisions()
    return locked
