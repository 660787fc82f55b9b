"""The demo's accounts: who may sign in with which password, and the code of the moment."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.demo.staff import DOMAIN
from security import context, trail
from security.models import TotpFactor, User
from security.services import factors, users

STEP = 30


class NotOfTheDemo(Exception):
    """No account of the demo goes by this name."""


class CodeUsedUp(Exception):
    """The codes of this minute were used; a new one comes in some seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Code:
    """A code that the sign-in page accepts now, and for how many seconds still."""

    text: str
    seconds: int


def find(typed: str) -> User:
    """Return the demo's account with a short name, a sign-in name or a handle."""
    name = typed.strip().lower()
    address = name if "@" in name else f"{name}@{DOMAIN}"
    found = (
        users.find_by_sign_in_name(kind=User.Kind.STAFF, typed=address)
        or users.find_by_sign_in_name(kind=User.Kind.PATIENT, typed=address)
        or User.objects.filter(handle=name).first()
    )
    with context.matching():
        if found is None or not (found.email or "").endswith(f"@{DOMAIN}"):
            raise NotOfTheDemo(_("No account of the demo goes by this name."))
    return found


@transaction.atomic
def give_factor(*, user: User) -> TotpFactor:
    """Give an account a confirmed authenticator: nobody is there to scan a code."""
    secret = base64.b32encode(os.urandom(factors.SECRET_BYTES)).decode()
    factor = TotpFactor(user=user, name=_("Authenticator app"), confirmed=True, secret=secret)
    factor.save()
    trail.record("security.factor.enrolled", subjects=[user.pk], changed=[factor], obj=factor)
    return factor


@transaction.atomic
def tell_code(*, user: User) -> Code:
    """Tell a code of an account's authenticator that was not used yet; telling it is an event."""
    held = factors.of(user)
    if not held:
        raise NotOfTheDemo(_("This account has no authenticator app."))
    factor = held[0]
    now = timezone.now().timestamp()
    step = int(now // STEP)
    left = STEP - int(now % STEP)
    # A code works once. The next one is accepted a step early, for clocks that are a little off.
    wanted = max(step, factor.last_step + 1)
    if wanted > step + 1:
        raise CodeUsedUp(left)
    generator = factors.oath(factor)
    generator.time = now
    generator.drift = wanted - step
    trail.record("crm.demo.code_told", subjects=[user.pk], obj=factor)
    return Code(f"{generator.token():06d}", left + STEP * (wanted - step))
