"""Puts a context in force for each request; sealed values open only once a gate was passed."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from security import addresses, context, sessions
from security.services import browsers


class ContextMiddleware:
    """Enters the request's context; address and agent go sealed into the trail and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request inside its own context."""
        here = context.Context(
            may_open=False,
            address=addresses.client_address(
                request.META.get("REMOTE_ADDR", ""),
                request.META.get("HTTP_X_FORWARDED_FOR", ""),
                settings.TRUSTED_PROXIES,
            ),
            user_agent=request.headers.get("User-Agent", "")[:400],
            session_ref=sessions.reference(request.session.session_key),
            session_bond=sessions.bond_of(request),
            device_ref=browsers.reference(sessions.browser_of(request)),
        )
        with context.enter(here):
            return self.get_response(request)
