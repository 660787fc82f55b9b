"""Refuses every view that carries no gate: a new route is closed until somebody decides about it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from security import context
from security.access import gate as gates

log = logging.getLogger(__name__)


class GateMiddleware:
    """Looks at the view that was resolved, not at its address, so that no path passes by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            return _explained(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Name the route for the trail; answer for a view without a gate."""
        match = request.resolver_match
        context.current().route = match.view_name if match and match.view_name else ""
        if isinstance(getattr(view, "gate", None), gates.Gate):
            return None
        log.error("view without a gate: %s", getattr(view, "__qualname__", type(view).__name__))
        return gates.pass_through(gates.Gate("public"), gates.hidden, request)


def _explained(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Say that an address only takes what a form sends; it stays in the bar after a form was shown again."""
    match = request.resolver_match
    of = match.kwargs.get("patient_id") if match else None
    page = render(request, "405.html", {"patient_id": of}, status=response.status_code)
    page["Allow"] = response.get("Allow", "")
    return page
