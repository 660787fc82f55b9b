"""Browsers that signed in before: a signed cookie with a random id and marks of accounts.

The marks are keyed hashes of id and account, so that the cookie of a shared workstation tells
nobody who worked there, and no list of browsers is stored.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils.crypto import salted_hmac

from security.models import User

REMEMBERED = timedelta(days=180)
ACCOUNTS_LIMIT = 20
_SALT = "security.known_browser"
_MARK_BYTES = 12


def _mark(browser: str, user: User) -> str:
    digest = salted_hmac(_SALT, f"{browser} {user.pk}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest[:_MARK_BYTES]).decode()


def _parts(cookie: str) -> list[str]:
    try:
        return TimestampSigner(salt=_SALT).unsign(cookie, max_age=REMEMBERED).split(".")
    except BadSignature:
        return []


def known(*, cookie: str, user: User | None) -> str:
    """Return the id of a browser that signed in to this account before, "" for any other."""
    browser, *marks = _parts(cookie) or [""]
    return browser if user is not None and browser and _mark(browser, user) in marks else ""


def reference(cookie: str) -> str:
    """Return what the trail calls a browser that signed in before: it links events and opens nothing."""
    browser = next(iter(_parts(cookie)), "") if cookie else ""
    return hashlib.sha256(browser.encode()).hexdigest()[:16] if browser else ""


def remember(*, cookie: str, user: User) -> str:
    """Return the cookie of a browser after a sign-in to an account, the latest account first."""
    browser, *marks = _parts(cookie) or [secrets.token_urlsafe(12)]
    mine = _mark(browser, user)
    kept = [mine, *(mark for mark in marks if mark != mine)][:ACCOUNTS_LIMIT]
    return TimestampSigner(salt=_SALT).sign(".".join([browser, *kept]))
