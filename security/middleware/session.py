"""Ends sessions that were left, that last too long, or whose account may no longer be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from security import sessions
from security.access import gate as gates
from security.models import User

BACKGROUND = "X-Background"
# Where somebody with a first password may go before it is changed.
FIRST_PASSWORD_ROUTES = {"security:password_change", "security:step_up", "security:sign_out"}


class SessionMiddleware:
    """Looks at each request of a session before its gate does; polls of a page are no activity."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """End the session with a reason, or note that its person is there."""
        reason = self._reason(request)
        if reason:
            return gates.pass_through(gates.Gate("factor"), _end, request, reason=reason)
        if request.user.is_authenticated:
            self._note(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Send people with a first password to choose their own."""
        user, match = request.user, request.resolver_match
        if not isinstance(user, User) or not user.must_change_password:
            return None
        if match is not None and match.view_name in FIRST_PASSWORD_ROUTES:
            return None
        return HttpResponseRedirect(reverse("security:password_change"))

    def _reason(self, request: HttpRequest) -> str:
        session, user = request.session, request.user
        if not user.is_authenticated:
            half = session.get(sessions.HALF)
            is_over = half and not 0 <= sessions.now() - half["at"] <= sessions.HALF_SECONDS
            return "half" if is_over else "account" if SESSION_KEY in session else ""
        if not gates.is_verified(request):
            return "factor"
        if isinstance(user, User) and _is_suspended(user, session.get(sessions.STARTED_AT, 0)):
            return "suspended"
        age = sessions.now() - session.get(sessions.STARTED_AT, 0)
        if age > settings.STAFF_ABSOLUTE_SECONDS:
            return "absolute"
        away = sessions.now() - session.get(sessions.SEEN_AT, 0)
        return "idle" if away > settings.STAFF_IDLE_SECONDS else ""

    def _note(self, request: HttpRequest) -> None:
        if request.headers.get(BACKGROUND) == "1":
            return
        if sessions.now() - request.session[sessions.SEEN_AT] >= sessions.SEEN_EVERY_SECONDS:
            request.session[sessions.SEEN_AT] = sessions.now()


def _is_suspended(user: User, started_at: int) -> bool:
    """Tell whether an alert ended the sessions of an account after this one began."""
    return user.sessions_from is not None and started_at < user.sessions_from.timestamp()


def _end(request: HttpRequest, *, reason: str) -> HttpResponseBase:
    sessions.end(request, "security.session.expired")
    if request.method == "GET" and request.path_info == reverse("security:link"):
        # A one-time link needs no session, and its token stands in no other address.
        return HttpResponseRedirect(request.get_full_path())
    return gates.send_to_sign_in(request, reason=reason)
