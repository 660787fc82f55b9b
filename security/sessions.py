"""The session of a person: half after the password, whole after the second factor, fresh after a step-up.

Its key changes at every step (ASVS 7.2.4), so that a key known before tells nothing afterwards.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import login as otp_login
from django_otp.middleware import is_verified

from security import context, trail
from security.access.decision import actor_refusal
from security.access.gate import FACTOR_AT
from security.models import TotpFactor, User
from security.services import browsers

HALF, BOND = "half", "bond"
HALF_SECONDS = 10 * 60
LINK = "link"
LINK_SECONDS = 30 * 60
STARTED_AT, SEEN_AT = "started_at", "seen_at"
SEEN_EVERY_SECONDS = 30
BACKEND = "security.backends.SignInBackend"
BROWSER_COOKIE = "custodia_browser" if settings.INSECURE_COOKIES else "__Host-browser"


def now() -> int:
    """Return the time as sessions store it."""
    return int(timezone.now().timestamp())


def reference(key: str | None) -> str:
    """Return what the trail calls a session: it links events and opens nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""


def bond_of(request: HttpRequest) -> str:
    """Return what lasts as long as this session: its key changes at each step-up, this does not."""
    known = request.session.get(BOND)
    return hashlib.sha256(str(known).encode()).hexdigest() if known else ""


# What other apps do when a session ends, inside the deed that ends it.
followers: list[Callable[[User], None]] = []


def begin_half(request: HttpRequest, user: User, *, has_link: bool = False) -> None:
    """Begin a session that gave the password: it opens the pages of the second factor and no other.

    `has_link` says that it came by a one-time link, which may set a new second factor up.
    """
    request.session.flush()
    request.session.create()
    request.session[HALF] = {
        "user": str(user.pk),
        "at": now(),
        "proof": user.get_session_auth_hash(),
        **({"has_link": True} if has_link else {}),
    }
    rotate_token(request)
    context.current().session_ref = reference(request.session.session_key)


def half_user(request: HttpRequest) -> User | None:
    """Return who gave the password in this session, unless that is long ago or the account changed."""
    half = request.session.get(HALF)
    if not isinstance(half, dict) or not 0 <= now() - half["at"] <= HALF_SECONDS:
        return None
    user: User | None = User.objects.filter(pk=half["user"], kind=User.Kind.STAFF).first()
    if user is None or actor_refusal(user) is not None:
        return None
    if not constant_time_compare(half["proof"], user.get_session_auth_hash()):
        return None
    context.current().actor = user
    return user


def has_link(request: HttpRequest) -> bool:
    """Tell whether this pending sign-in came by a one-time link."""
    half = request.session.get(HALF)
    return isinstance(half, dict) and half.get("has_link") is True


def keep_link(request: HttpRequest, link_id: UUID) -> None:
    """Keep which link was opened, so that its token stands in no further address."""
    request.session.cycle_key()
    request.session[LINK] = {"id": str(link_id), "at": now()}


def forget_link(request: HttpRequest) -> None:
    """Forget a link that was opened before: another one was tried, and it opens nothing."""
    request.session.pop(LINK, None)


def kept_link(request: HttpRequest) -> UUID | None:
    """Return which link was opened in this session, unless that is long ago."""
    kept = request.session.get(LINK)
    if not isinstance(kept, dict) or not 0 <= now() - kept["at"] <= LINK_SECONDS:
        return None
    return UUID(kept["id"])


@transaction.atomic
def complete(request: HttpRequest, user: User, factor: TotpFactor) -> None:
    """Make the session whole: both factors were given."""
    request.session.pop(HALF, None)
    auth.login(request, user, backend=BACKEND)
    otp_login(request, factor)
    user.is_verified = partial(is_verified, user)  # type: ignore[attr-defined]
    at = now()
    request.session.update({FACTOR_AT: at, STARTED_AT: at, SEEN_AT: at})
    request.session[BOND] = secrets.token_urlsafe(24)
    here = context.current()
    here.actor, here.session_ref = user, reference(request.session.session_key)
    here.session_bond = bond_of(request)
    trail.record("security.session.signed_in", by=user, subjects=[user.pk])


@transaction.atomic
def step_up(request: HttpRequest, user: User) -> None:
    """Note a fresh second factor and change the session's key."""
    request.session.cycle_key()
    request.session[FACTOR_AT] = now()
    context.current().session_ref = reference(request.session.session_key)
    trail.record("security.session.stepped_up", by=user, subjects=[user.pk])


@transaction.atomic
def end(request: HttpRequest, action: str = "security.session.signed_out") -> None:
    """End the session on the server, whatever state it is in (ASVS 7.4.1)."""
    user = request.user if isinstance(request.user, User) else None
    # Of a disabled account nobody is signed in any more, but the session says whose it was.
    whose = user.pk if user is not None else request.session.get(SESSION_KEY)
    if whose is not None:
        trail.record(action, by=user, subjects=[UUID(str(whose))])
    if user is not None:
        for follow in followers:
            follow(user)
    auth.logout(request)
    context.current().actor = None


def set_cookie(response: HttpResponse, name: str, value: str, seconds: float) -> None:
    """Set a cookie that no script reads."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(
        name, value, max_age=int(seconds), secure=secure, httponly=True, samesite="Lax"
    )


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser be known for this account, and speak the person's language."""
    cookie = browsers.remember(cookie=browser_of(request), user=user)
    set_cookie(response, BROWSER_COOKIE, cookie, browsers.REMEMBERED.total_seconds())
    if user.language:
        lasts = browsers.REMEMBERED.total_seconds()
        set_cookie(response, settings.LANGUAGE_COOKIE_NAME, user.language, lasts)


def browser_of(request: HttpRequest) -> str:
    """Return the cookie of a known browser, "" without one."""
    return request.COOKIES.get(BROWSER_COOKIE, "")


def next_address(request: HttpRequest, otherwise: str) -> str:
    """Return where the person wanted to go, if that is a page of ours (CWE-601)."""
    wanted: Any = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = (
        wanted.startswith("/")
        and wanted.isprintable()
        and "\\" not in wanted
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    )
    return wanted if is_ours else otherwise
