"""Second factors: set up, accepted once, replaced, taken away; an account that has one keeps one."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.oath import TOTP

from security import context, trail
from security.access.gate import Refused
from security.models import OneTimeLink, RecoveryCode, TotpFactor, User
from security.services import notices, recovery_codes

SECRET_BYTES = 20
# RFC 6238 section 5.2: one step of 30 seconds each way, for phones whose clock is a little off.
TOLERANCE = (0, -1, 1)
FACTORS_LIMIT = 5
SET_UP_WITHIN = timedelta(hours=1)


class NotConfirmed(Refused):
    """The code does not prove that the app holds the secret."""


class HasFactor(Refused):
    """The account has a second factor; a pending sign-in adds none."""


class NeedsLink(Refused):
    """The lost factors were taken away: the password alone sets no new one up."""


class LastFactor(Refused):
    """The only second factor is not taken away; set up another one first."""


class OwnFactor(Refused):
    """Nobody takes the own second factors away as an administrator."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A confirmed factor and, with the first one, the recovery codes, readable this once."""

    factor: TotpFactor
    codes: list[str]


def oath(factor: TotpFactor) -> TOTP:
    """Return the code generator of an app's secret; comparing shows the secret to nobody."""
    with context.matching():
        return TOTP(base64.b32decode(factor.secret))


def provisioning_uri(factor: TotpFactor, *, name: str) -> str:
    """Return what the QR code of a factor says to the app."""
    issuer = settings.OTP_TOTP_ISSUER
    query = urlencode({"secret": factor.secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?{query}"


def is_set_up(user: User) -> bool:
    """Tell whether an account has a second factor."""
    return TotpFactor.objects.filter(user_id=user.pk, confirmed=True).exists()


def needs_link(user: User) -> bool:
    """Tell whether the factors of an account were taken away and no new one was set up since."""
    resets = OneTimeLink.objects.filter(user_id=user.pk, kind=OneTimeLink.Kind.FACTOR_RESET)
    return resets.exists() and not is_set_up(user)


def of(user: User) -> list[TotpFactor]:
    """Return the factors of an account, the oldest first."""
    return list(TotpFactor.objects.filter(user_id=user.pk, confirmed=True).order_by("pk"))


def pending(*, user: User, factor_id: UUID) -> TotpFactor | None:
    """Return the factor that a session is setting up, if it is this user's and not too old."""
    since = timezone.now() - SET_UP_WITHIN
    found: TotpFactor | None = TotpFactor.objects.filter(
        user_id=user.pk, confirmed=False, created_at__gt=since, pk=factor_id
    ).first()
    return found


@transaction.atomic
def start(*, user: User) -> TotpFactor:
    """Make a new secret for an app; it counts once a code confirmed it."""
    _drop_unconfirmed(user)
    secret = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    factor = TotpFactor(user=user, name=_("Authenticator app"), confirmed=False, secret=secret)
    factor.save()
    trail.record("security.factor.started", by=user, subjects=[user.pk], changed=[factor])
    return factor


@transaction.atomic
def confirm_first(*, user: User, factor: TotpFactor, code: str, has_link: bool = False) -> SetUp:
    """Confirm the first factor of an account with a code and make its recovery codes."""
    _lock(user)
    if not has_link and needs_link(user):
        raise NeedsLink(gettext_lazy("Open the link that was sent to you, then set the factor up."))
    if is_set_up(user):
        raise HasFactor(gettext_lazy("This account has a second factor already."))
    confirmed = _confirm(user, factor, code)
    return SetUp(confirmed, recovery_codes.issue(user=user))


@transaction.atomic
def confirm_another(*, user: User, factor: TotpFactor, code: str) -> SetUp:
    """Confirm one more factor of an account with a code; the view asks for a fresh factor before."""
    _lock(user)
    if len(of(user)) >= FACTORS_LIMIT:
        raise HasFactor(gettext_lazy("Remove an authenticator app before you add another one."))
    return SetUp(_confirm(user, factor, code), [])


def _confirm(user: User, factor: TotpFactor, code: str) -> TotpFactor:
    row: TotpFactor = TotpFactor.objects.select_for_update().get(pk=factor.pk, user_id=user.pk)
    step = None if row.confirmed else _step_of(row, code)
    if step is None:
        raise NotConfirmed(gettext_lazy("This code is not right. Type the one the app shows now."))
    row.confirmed, row.last_step, row.last_used_at = True, step, timezone.now()
    row.advance()
    row.save()
    trail.record("security.factor.enrolled", by=user, subjects=[user.pk], changed=[row], obj=row)
    notices.credential_changed(
        user=user, what=gettext_lazy("An authenticator app was added to your account."), by=user
    )
    return row


def accept(*, user: User, code: str) -> TotpFactor | None:
    """Accept a code of an app or a recovery code, once; return the factor that vouches."""
    if recovery_codes.is_shaped(code):
        return recovery_codes.use(user=user, typed=code)
    return accept_app(user=user, code=code)


@transaction.atomic
def accept_app(*, user: User, code: str) -> TotpFactor | None:
    """Accept a code of an authenticator app whose time step was not used before (ASVS 6.5.1)."""
    locked = TotpFactor.objects.select_for_update().filter(user_id=user.pk, confirmed=True)
    factor: TotpFactor
    for factor in locked.order_by("pk"):
        step = _step_of(factor, code)
        if step is not None and step > factor.last_step:
            factor.last_step, factor.last_used_at = step, timezone.now()
            factor.save(update_fields=["last_step", "last_used_at"])
            return factor
    return None


def _step_of(factor: TotpFactor, code: str) -> int | None:
    generator = oath(factor)
    generator.time = timezone.now().timestamp()
    for offset in TOLERANCE:
        generator.drift = offset
        if compare_digest(f"{generator.token():06d}".encode(), code.encode()):
            return int(generator.t())
    return None


@transaction.atomic
def remove(*, user: User, factor_id: UUID) -> TotpFactor:
    """Take one of several factors away; return one that stays."""
    _lock(user)
    held = of(user)
    gone = [factor for factor in held if factor.pk == factor_id]
    left = [factor for factor in held if factor.pk != factor_id]
    if not left:
        raise LastFactor(
            gettext_lazy("Set up another authenticator app before you remove this one.")
        )
    if gone:
        _delete(user, gone, "security.factor.removed", by=user)
        notices.credential_changed(
            user=user,
            what=gettext_lazy("An authenticator app was removed from your account."),
            by=user,
        )
    return left[0]


@transaction.atomic
def start_anew(*, user: User, by: User) -> None:
    """Take away all factors of a person who lost them; `factor_resets.start` sends the way to new ones."""
    if by.pk == user.pk:
        raise OwnFactor(gettext_lazy("Another administrator must do this for you."))
    _lock(user)
    rows = [*TotpFactor.objects.filter(user_id=user.pk)]
    codes = [*RecoveryCode.objects.filter(user_id=user.pk)]
    _delete(user, [*rows, *codes], "security.factor.started_anew", by=by)
    notices.credential_changed(
        user=user,
        what=gettext_lazy(
            "Your second factor was removed. A link to set up a new one was sent to you."
        ),
        by=by,
    )


def _drop_unconfirmed(user: User) -> None:
    rows = list(TotpFactor.objects.filter(user_id=user.pk, confirmed=False))
    if rows:
        _delete(user, rows, "security.factor.dropped", by=user)


def _delete(
    user: User, rows: Sequence[TotpFactor | RecoveryCode], action: str, *, by: User | None
) -> None:
    trail.record(action, by=by, subjects=[user.pk], deleted=rows)
    for row in rows:
        type(row).objects.filter(pk=row.pk).delete()


def _lock(user: User) -> None:
    User.objects.select_for_update().get(pk=user.pk)


def sweep() -> int:
    """Drop secrets that nobody confirmed in time; return how many."""
    old = TotpFactor.objects.filter(
        confirmed=False, created_at__lt=timezone.now() - SET_UP_WITHIN
    ).select_related("user")
    rows = list(old)
    with transaction.atomic():
        for factor in rows:
            _delete(factor.user, [factor], "security.factor.dropped", by=None)
    return len(rows)
